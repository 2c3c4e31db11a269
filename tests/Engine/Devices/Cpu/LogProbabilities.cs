namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>What logits say of tokens.</summary>
internal static class LogProbabilities
{
    /// <summary>The logprobs of <paramref name="candidates"/>, in their order.</summary>
    public static double[] Of(ReadOnlySpan<float> logits, IReadOnlyList<Goldens.Candidate> candidates)
    {
        var normalizer = Normalizer(logits);
        var logprobs = new double[candidates.Count];
        for (var i = 0; i < logprobs.Length; i++)
            logprobs[i] = logits[candidates[i].Id] - normalizer;
        return logprobs;
    }

    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        var best = 0;
        for (var i = 1; i < logits.Length; i++)
        {
            if (logits[i] > logits[best])
                best = i;
        }

        return best;
    }

    /// <summary>The logarithm of the sum of the exponentials: logit less this is the logprob.</summary>
    private static double Normalizer(ReadOnlySpan<float> logits)
    {
        var most = float.NegativeInfinity;
        foreach (var logit in logits)
            most = Math.Max(most, logit);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp(logit - most);
        return most + Math.Log(sum);
    }
}
