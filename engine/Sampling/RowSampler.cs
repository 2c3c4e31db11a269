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
    private readonly Candidates<TLanes> _candidates = new(LogitBlocks<TLanes>.Padded(vocabulary));
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
                    row.Token = Fault(logits);
                    return;
                }

                Report(logits, row);
            }

            row.Token = row.Forced >= 0 ? row.Forced : DrawFrom(pointer, logits, batch, row, scanned);
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

    private int DrawFrom(float* pointer, Span<float> logits, SamplingBatch batch, SamplingRow row, bool scanned)
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

        var token = float.IsFinite(_blocks.Maximum) ? Choose(row) : Fault(logits);
        if (adjusted)
        {
            _adjustments.Undo(logits, batch, row);
        }

        return token;
    }

    /// <summary>Why there is no token: all are forbidden, or there are values that are no numbers.</summary>
    private static int Fault(ReadOnlySpan<float> logits) =>
        logits.ContainsAnyExcept(float.NegativeInfinity) ? SamplingRow.NotFinite : SamplingRow.NoToken;

    private int Choose(SamplingRow row)
    {
        var token = row.Parameters.Temperature > 0 ? Draw(row.Parameters, row.Uniform) : -1;

        // Greedy; or rounding has left a little over: then the likeliest is as good as any.
        token = token >= 0 ? token : _blocks.Likeliest();
        return token >= 0 ? token : SamplingRow.NotFinite;
    }

    private int Draw(SamplingParameters parameters, double uniform)
    {
        var scale = Math.Min(1 / parameters.Temperature, float.MaxValue);
        var all = parameters.TopK <= 0 || parameters.TopK >= vocabulary;
        if (!all || parameters.MinP > 0)
        {
            var sum = Cut(parameters, all, scale);
            return _candidates.Draw(uniform * sum);
        }

        var total = _blocks.SumOfWeights(scale);
        if (!double.IsFinite(total) || parameters.TopP >= 1)
        {
            return _blocks.Draw(uniform * total, scale);
        }

        var nucleus = Nucleus(total, parameters.TopP * total, scale);
        return _candidates.Draw(uniform * nucleus);
    }

    /// <summary>min_p and top_k, then top_p of what they left. Gives the sum of the weights that are kept.</summary>
    private double Cut(SamplingParameters parameters, bool all, float scale)
    {
        _blocks.Gather(all ? FloorOf(parameters.MinP, scale) : _blocks.FloorOf(parameters.TopK, _candidates), _candidates);
        if (!all)
        {
            _candidates.KeepLargest(parameters.TopK);
        }

        var sum = _candidates.Weigh(_blocks.Maximum, scale);
        if (parameters.MinP > 0)
        {
            // Weights fall with the logits: of the top_k largest those that min_p leaves are the top_k largest of those that it leaves.
            _candidates.DropBelow(parameters.MinP);
            sum = _candidates.Sum();
        }

        if (parameters.TopP < 1)
        {
            _candidates.KeepNucleus(parameters.TopP * sum);
            sum = _candidates.Sum();
        }

        return sum;
    }

    /// <summary>top_p of all tokens. Gives the sum of the weights that are kept.</summary>
    private double Nucleus(double total, double wanted, float scale)
    {
        _blocks.Gather(_blocks.GuessFloor(total - wanted, scale, _candidates), _candidates);
        if (_candidates.Weigh(_blocks.Maximum, scale) < wanted)
        {
            // Those below a vocabulary's part of what is cut off together weigh less than it.
            _blocks.Gather(FloorOf((total - wanted) / vocabulary, scale), _candidates);
            _candidates.Weigh(_blocks.Maximum, scale);
        }

        _candidates.KeepNucleus(wanted);
        return _candidates.Sum();
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
