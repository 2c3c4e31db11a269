namespace Crescent.Client.Evaluation;

/// <summary>What a setting came to over all problems that were tried.</summary>
internal sealed record EvalSummary
{
    /// <summary>The setting.</summary>
    public required EvalSetting Setting { get; init; }

    /// <summary>Problems that were tried.</summary>
    public int Problems { get; init; }

    /// <summary>Of these, those that were solved.</summary>
    public int Solved { get; init; }

    /// <summary>Tasks that failed or were cancelled, which solve nothing.</summary>
    public int Failed { get; init; }

    /// <summary>Share of the solved, 0 to 1.</summary>
    public double Accuracy { get; init; }

    /// <summary>Lower end of its 95 % interval.</summary>
    public double AccuracyLow { get; init; }

    /// <summary>Upper end of its 95 % interval.</summary>
    public double AccuracyHigh { get; init; }

    /// <summary>Samples begun, a problem on average.</summary>
    public double Samples { get; init; }

    /// <summary>Inferences, a problem on average.</summary>
    public double Calls { get; init; }

    /// <summary>Tokens of prompts and outputs, a problem on average.</summary>
    public double Tokens { get; init; }

    /// <summary>Of these, those of prompts that came from a cache or a sibling.</summary>
    public double CachedTokens { get; init; }

    /// <summary>Seconds from submission to end, a problem on average.</summary>
    public double Seconds { get; init; }

    /// <summary>Joules, a problem on average.</summary>
    public double Joules { get; init; }

    /// <summary>Joules of all problems together over those that were solved; null when none was.</summary>
    public double? JoulesPerSolved { get; init; }

    /// <summary>Sums <paramref name="outcomes"/> up, all of one setting.</summary>
    public static EvalSummary Of(EvalSetting setting, IReadOnlyCollection<EvalOutcome> outcomes)
    {
        var solved = outcomes.Count(static o => o.Solved);
        var interval = WilsonInterval.Of(solved, outcomes.Count);
        double Mean(Func<EvalOutcome, double> value) => outcomes.Count == 0 ? 0 : outcomes.Average(value);
        return new EvalSummary
        {
            Setting = setting,
            Problems = outcomes.Count,
            Solved = solved,
            Failed = outcomes.Count(static o => o.State != "done"),
            Accuracy = outcomes.Count == 0 ? 0 : (double)solved / outcomes.Count,
            AccuracyLow = interval.Low,
            AccuracyHigh = interval.High,
            Samples = Mean(static o => o.Samples),
            Calls = Mean(static o => o.Calls),
            Tokens = Mean(static o => o.PromptTokens + o.OutputTokens),
            CachedTokens = Mean(static o => o.CachedTokens),
            Seconds = Mean(static o => o.Seconds),
            Joules = Mean(static o => o.Joules),
            JoulesPerSolved = solved > 0 ? outcomes.Sum(static o => o.Joules) / solved : null,
        };
    }
}
