using Crescent.Engine.Simd;

namespace Crescent.Engine.Sampling;

/// <summary>
/// Draws a token from a row of logits in the order of <see cref="SamplingParameters"/>, by selection in a few passes. What is kept is drawn from
/// in the order of ids. The result has the same bits with every instruction set.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal sealed unsafe class RowSampler<TLanes>(int vocabulary) : IRowSampler
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly LogitBlocks<TLanes> _blocks = new(vocabulary);
    private readonly Candidates _candidates = new(vocabulary);
    private readonly LogitAdjustments _adjustments = new();

    /// <inheritdoc/>
    public void Sample(Span<float> logits, SamplingBatch batch, SamplingRow row)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(logits.Length, vocabulary);
        fixed (float* pointer = logits)
        {
            var reports = row.Parameters.TopLogprobs is not null;
            var scanned = reports && !row.IsRedraw;
            if (scanned)
            {
                _blocks.Scan(pointer);
                if (!float.IsFinite(_blocks.Maximum))
                {
                    row.Token = SamplingRow.NotFinite;
                    return;
                }

                Report(logits, row);
            }

            row.Token = row.Forced >= 0 ? row.Forced : Draw(pointer, logits, batch, row, scanned);
            if (reports && row.Token >= 0)
            {
                row.Logprob = (float)(logits[row.Token] - row.Normaliser);
            }
        }
    }

    /// <summary>The model's own logprobs, before any step.</summary>
    private void Report(ReadOnlySpan<float> logits, SamplingRow row)
    {
        row.Normaliser = _blocks.Maximum + NaturalLogarithm.Of(_blocks.SumOfWeights(1));
        var wanted = Math.Min(row.TopTokens.Length, vocabulary);
        if (wanted == 0)
        {
            return;
        }

        _blocks.Gather(_blocks.FloorOf(wanted, _candidates), _candidates);
        var tokens = row.TopTokens;
        var values = row.TopLogprobs;
        var found = 0;
        for (var i = 0; i < _candidates.Count; i++)
        {
            var value = _candidates.Values[i];
            if (found == wanted && value <= values[found - 1])
            {
                continue;
            }

            var at = found < wanted ? found++ : found - 1;
            for (; at > 0 && values[at - 1] < value; at--)
            {
                (values[at], tokens[at]) = (values[at - 1], tokens[at - 1]);
            }

            (values[at], tokens[at]) = (value, _candidates.Tokens[i]);
        }

        // Tokens that the model itself forbids come last.
        for (var token = 0; found < wanted; token++)
        {
            if (float.IsNegativeInfinity(logits[token]))
            {
                (values[found], tokens[found++]) = (logits[token], token);
            }
        }

        for (var i = 0; i < wanted; i++)
        {
            values[i] = (float)(values[i] - row.Normaliser);
        }
    }

    private int Draw(float* pointer, Span<float> logits, SamplingBatch batch, SamplingRow row, bool scanned)
    {
        if (!row.Mask.IsEmpty)
        {
            LogitAdjustments.Forbid(logits, row.Mask);
            scanned = false;
        }

        var adjusted = _adjustments.Apply(logits, batch, row);
        if (!scanned || adjusted)
        {
            _blocks.Scan(pointer);
        }

        var token = Choose(row);
        if (adjusted)
        {
            _adjustments.Undo(logits, batch, row);
        }

        return token;
    }

    private int Choose(SamplingRow row)
    {
        var (parameters, maximum) = (row.Parameters, _blocks.Maximum);
        if (!float.IsFinite(maximum))
        {
            return float.IsNegativeInfinity(maximum) ? SamplingRow.NoToken : SamplingRow.NotFinite;
        }

        if (parameters.Temperature <= 0)
        {
            return _blocks.Likeliest();
        }

        var scale = Math.Min(1 / parameters.Temperature, float.MaxValue);
        var all = parameters.TopK <= 0 || parameters.TopK >= vocabulary;
        int token;
        if (all && parameters.TopP >= 1 && parameters.MinP <= 0)
        {
            token = _blocks.Draw(row.Uniform * _blocks.SumOfWeights(scale), scale);
        }
        else
        {
            var nucleus = !all || parameters.MinP > 0 ? Cut(parameters, all, scale) : Nucleus(parameters, scale);
            token = _candidates.Draw(row.Uniform * nucleus);
        }

        // Rounding may leave a little over: then the likeliest is as good as any.
        return token >= 0 ? token : _blocks.Likeliest();
    }

    /// <summary>min_p and top_k, then top_p of what they left. Gives the sum of the weights that are kept.</summary>
    private double Cut(SamplingParameters parameters, bool all, float scale)
    {
        _blocks.Gather(all ? FloorOf(parameters.MinP, scale) : _blocks.FloorOf(parameters.TopK, _candidates), _candidates);
        if (!all)
        {
            _candidates.KeepLargest(parameters.TopK);
        }

        var sum = _blocks.Weigh(_candidates, scale);
        if (parameters.MinP > 0)
        {
            // Weights fall with the logits: of the top_k largest those that min_p leaves are the top_k largest of those that it leaves.
            _candidates.DropBelow(parameters.MinP);
            sum = LogitBlocks<TLanes>.Sum(_candidates);
        }

        if (parameters.TopP < 1)
        {
            _candidates.KeepNucleus(parameters.TopP * sum);
            sum = LogitBlocks<TLanes>.Sum(_candidates);
        }

        return sum;
    }

    /// <summary>top_p of all tokens. Gives the sum of the weights that are kept.</summary>
    private double Nucleus(SamplingParameters parameters, float scale)
    {
        // Tokens that together weigh less than what top_p cuts off need not be looked at: those below a share of it that is a vocabulary's.
        // A model that is sure of itself needs far fewer.
        const int First = 64;
        const int Factor = 32;
        var total = _blocks.SumOfWeights(scale);
        var wanted = parameters.TopP * total;
        for (long share = First; ; share *= Factor)
        {
            _blocks.Gather(FloorOf((total - wanted) / Math.Min(share, vocabulary), scale), _candidates);
            if (_blocks.Weigh(_candidates, scale) >= wanted || share >= vocabulary)
            {
                _candidates.KeepNucleus(wanted);
                return LogitBlocks<TLanes>.Sum(_candidates);
            }
        }
    }

    /// <summary>A little less than the logit whose weight is <paramref name="weight"/>.</summary>
    private float FloorOf(double weight, float scale)
    {
        var maximum = _blocks.Maximum;
        if (weight <= 0)
        {
            return float.NegativeInfinity;
        }

        const double Margin = 0.01;
        return (float)(maximum + ((NaturalLogarithm.Of(Math.Min(1, weight)) - Margin) / scale) - (1e-6 * Math.Abs(maximum)));
    }
}
