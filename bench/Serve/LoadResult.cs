namespace Crescent.Bench.Serve;

/// <summary>What a load generator saw.</summary>
internal sealed record LoadResult
{
    public int Calls { get; init; }

    /// <summary>Answers that were no whole stream; the first of them stands in <see cref="Fault"/>.</summary>
    public int Failed { get; init; }

    public string? Fault { get; init; }

    public long PromptTokens { get; init; }

    public long OutputTokens { get; init; }

    /// <summary>Server-sent events.</summary>
    public long Events { get; init; }

    public double WallSeconds { get; init; }

    /// <summary>CPU time of the generator itself, s.</summary>
    public double CpuSeconds { get; init; }

    public double TtftP50Ms { get; init; }

    public double TtftP99Ms { get; init; }

    /// <summary>Between two tokens, in the mean of a call.</summary>
    public double ItlP50Ms { get; init; }

    public double ItlP99Ms { get; init; }

    /// <summary>Between two arrivals of the same stream: 99 of 100 are shorter.</summary>
    public double GapP99Ms { get; init; }
}
