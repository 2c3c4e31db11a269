namespace Crescent.Grains.Contracts.Agents;

/// <summary>A task in a list.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.AgentListing")]
public sealed record AgentListing
{
    /// <summary>The task.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>As in <see cref="AgentView.State"/>.</summary>
    [Id(1)] public required string State { get; init; }

    /// <summary>Name of its strategy.</summary>
    [Id(2)] public required string Strategy { get; init; }

    /// <summary>The beginning of what was asked.</summary>
    [Id(3)] public required string Problem { get; init; }

    /// <summary>Whose it is; empty for nobody's.</summary>
    [Id(4)] public string Tenant { get; init; } = "";

    /// <summary>The answer alone; null while there is none.</summary>
    [Id(5)] public string? Answer { get; init; }

    /// <summary>When it was submitted.</summary>
    [Id(6)] public DateTimeOffset Submitted { get; init; }

    /// <summary>When it ended; null while it has not.</summary>
    [Id(7)] public DateTimeOffset? Ended { get; init; }

    /// <summary>Tokens of prompts and outputs; 0 while it has not ended.</summary>
    [Id(8)] public long Tokens { get; init; }

    /// <summary>Energy attributed to its calls, in joules; 0 while it has not ended.</summary>
    [Id(9)] public double Joules { get; init; }

    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => $"{nameof(AgentListing)} {Id} {State}";
}
