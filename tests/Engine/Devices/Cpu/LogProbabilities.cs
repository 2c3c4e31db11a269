namespace Crescent.Tests.Engine.Devices.Cpu;

/// <summary>Comparison of a device's logits with goldens.</summary>
internal static class LogProbabilities
{
    /// <summary>The logarithm of the sum of the exponentials: logit less this is the logprob.</summary>
    public static double Normalizer(ReadOnlySpan<float> logits)
    {
        var most = float.NegativeInfinity;
        foreach (var logit in logits)
            most = Math.Max(most, logit);
        var sum = 0.0;
        foreach (var logit in logits)
            sum += Math.Exp(logit - most);
        return most + Math.Log(sum);
    }

    /// <summary>Distances from exact of a step's candidates that llama.cpp's figures count: those above -8.</summary>
    public static IEnumerable<double> Errors(float[] logits, Goldens.Step step)
    {
        var normalizer = Normalizer(logits);
        return step.Top.Where(static top => top.LlamaCpp > -8).Select(top => Math.Abs(logits[top.Id] - normalizer - top.Exact));
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
}
