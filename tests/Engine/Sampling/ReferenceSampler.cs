using Crescent.Engine.Sampling;

namespace Crescent.Tests.Engine.Sampling;

/// <summary>What a row of logits is drawn from, worked out plainly: everything is sorted, in double precision.</summary>
/// <param name="logits">(vocabulary).</param>
/// <param name="parameters">How it is drawn from.</param>
/// <param name="seen">Tokens of prompt and output with their times in the output.</param>
/// <param name="slack">Moves the limits of min_p and top_p by this share of them.</param>
internal sealed class ReferenceSampler(float[] logits, SamplingParameters parameters, IReadOnlyDictionary<int, int> seen, double slack = 0)
{
    /// <summary>The logits after bias and penalties.</summary>
    public float[] Adjusted { get; } = Adjust(logits, parameters, seen);

    /// <summary>The model's own logprobs.</summary>
    public double[] Logprobs()
    {
        var maximum = (double)logits.Max();
        var normaliser = maximum + Math.Log(logits.Sum(logit => Math.Exp(logit - maximum)));
        return Array.ConvertAll(logits, logit => logit - normaliser);
    }

    /// <summary>The tokens that may be drawn, ascending, with their shares of the whole.</summary>
    public (int Token, double Share)[] Kept()
    {
        var maximum = Adjusted.Max();
        if (parameters.Temperature <= 0)
        {
            return [(Array.IndexOf(Adjusted, maximum), 1)];
        }

        var kept = Adjusted
            .Select((logit, token) => (Token: token, Logit: logit, Weight: Math.Exp(((double)logit - maximum) / parameters.Temperature)))
            .Where(one => !float.IsNegativeInfinity(one.Logit) && one.Weight >= parameters.MinP * (1 + slack))
            .OrderByDescending(static one => one.Logit)
            .ThenBy(static one => one.Token)
            .ToArray();
        if (parameters.TopK > 0)
        {
            kept = kept[..Math.Min(kept.Length, parameters.TopK)];
        }

        var (wanted, sum, count) = (parameters.TopP * kept.Sum(static one => one.Weight) * (1 + slack), 0.0, 0);
        while (count < kept.Length && (parameters.TopP >= 1 || count == 0 || sum < wanted))
        {
            sum += kept[count++].Weight;
        }

        sum = kept.Take(count).Sum(static one => one.Weight);
        return [.. kept.Take(count).OrderBy(static one => one.Token).Select(one => (one.Token, one.Weight / sum))];
    }

    private static float[] Adjust(float[] logits, SamplingParameters parameters, IReadOnlyDictionary<int, int> seen)
    {
        var adjusted = (float[])logits.Clone();
        foreach (var (token, bias) in parameters.LogitBias)
        {
            adjusted[token] += bias;
        }

        foreach (var (token, count) in seen)
        {
            adjusted[token] = adjusted[token] > 0 ? adjusted[token] / parameters.RepetitionPenalty : adjusted[token] * parameters.RepetitionPenalty;
            adjusted[token] -= (count * parameters.FrequencyPenalty) + (count > 0 ? parameters.PresencePenalty : 0);
        }

        return adjusted;
    }
}
