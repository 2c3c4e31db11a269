using Crescent.Client.Load.Energy;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Prompts;

namespace Crescent.Client.Load.Reports;

/// <summary>What a run came to.</summary>
internal sealed record LoadReport
{
    /// <summary>The command line, without a key.</summary>
    public required string Command { get; init; }

    /// <summary>Who was asked.</summary>
    public required string Server { get; init; }

    /// <summary>Which of its models.</summary>
    public required string Model { get; init; }

    /// <summary>What was measured.</summary>
    public required LoadMeasures Measures { get; init; }

    /// <summary>How the generator kept up.</summary>
    public required GeneratorHealth Health { get; init; }

    /// <summary>How words became tokens.</summary>
    public required PromptScale Scale { get; init; }

    /// <summary>The SLO in words; null for none.</summary>
    public string? Slo { get; init; }

    /// <summary>Connections that were opened.</summary>
    public int Connections { get; init; }

    /// <summary>Whether the run was stopped before its end.</summary>
    public bool Interrupted { get; init; }

    /// <summary>Calls of the trace that were left out, for they have more tokens than the model's context.</summary>
    public long TooLong { get; init; }

    /// <summary>Tokens of answers by the server's tokenizer, and by its usage; null where it has no <c>/tokenize</c>.</summary>
    public (long Counted, long Told, int Answers)? Recount { get; init; }

    /// <summary>Seed of all that was drawn.</summary>
    public long Seed { get; init; }

    /// <summary>What happened in each second.</summary>
    public required Timeline Timeline { get; init; }

    /// <summary>Chunks a second while all places were taken; NaN where there was no such time.</summary>
    public double SteadyChunks { get; init; } = double.NaN;

    /// <summary>What this host's meters counted over <see cref="HostSeconds"/>; empty where nobody looked.</summary>
    public IReadOnlyList<EnergyReading> Host { get; init; } = [];

    /// <summary>How long they counted, s.</summary>
    public double HostSeconds { get; init; }

    /// <summary>What the factory's devices drew, as it tells; null where it does not.</summary>
    public FactoryWatts? Factory { get; init; }

    /// <summary>Whether the figures held that were to; null where none were.</summary>
    public StableOutcome? Stable { get; init; }

    /// <summary>Output tokens a second while all places were taken; NaN where there was no such time.</summary>
    public double SteadyTokens => SteadyChunks * Measures.MeanTokensPerChunk;

    /// <summary>Energy that this host's meters counted, J; null where none did.</summary>
    public double? HostJoules => Host.Any(static reading => reading.Joules is not null) ? Host.Sum(static reading => reading.Joules ?? 0) : null;

    /// <summary>Why the generator was the bottleneck; empty where it was not.</summary>
    public IReadOnlyList<string> Degraded => Health.Degraded(Measures.Lag);

    /// <summary>Single figures, by the names that <c>--fail-if</c> takes; NaN where there is none.</summary>
    public IReadOnlyDictionary<string, double> Figures => new Dictionary<string, double>
    {
        ["errors"] = Measures.Tried > 0 ? (double)Measures.Failed / Measures.Tried : double.NaN,
        ["goodput"] = Rate(Measures.Good),
        ["requests_per_s"] = Rate(Measures.Count(CallEnd.Whole)),
        ["tokens_per_s"] = Rate(Measures.OutputTokens.Sum),
        ["degraded"] = Degraded.Count > 0 ? 1 : 0,
        ["tokens_per_s_steady"] = SteadyTokens,
        ["factory_watts"] = Factory?.Watts ?? double.NaN,
        ["host_joules_per_token"] = HostJoules / HostSeconds / Rate(Measures.OutputTokens.Sum) ?? double.NaN,
        ["stable"] = Stable is { } outcome ? outcome.IsStable ? 1 : 0 : double.NaN,
        ["joules_per_token"] = Measures.JoulesTokens > 0 ? Measures.Joules / Measures.JoulesTokens : double.NaN,
    };

    private double Rate(double count) => Measures.Seconds > 0 ? count / Measures.Seconds : double.NaN;
}
