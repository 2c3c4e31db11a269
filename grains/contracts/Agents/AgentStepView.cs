namespace Crescent.Grains.Contracts.Agents;

/// <summary>A step of a task as it stands.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.AgentStepView")]
public sealed record AgentStepView
{
    /// <summary>Names it within its task.</summary>
    [Id(0)] public required string Id { get; init; }

    /// <summary>What it is, for people.</summary>
    [Id(1)] public required string Label { get; init; }

    /// <summary><c>running</c>, <c>done</c>, <c>failed</c>, <c>cut</c> or <c>denied</c>.</summary>
    [Id(2)] public required string State { get; init; }

    /// <summary>What came of it; empty while it runs.</summary>
    [Id(3)] public string Text { get; init; } = "";

    /// <summary>Tokens of its prompt.</summary>
    [Id(4)] public int PromptTokens { get; init; }

    /// <summary>Of these, those that came from a cache.</summary>
    [Id(5)] public int CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    [Id(6)] public int OutputTokens { get; init; }

    /// <summary>From its start to its end.</summary>
    [Id(7)] public double Seconds { get; init; }

    /// <summary>Energy attributed to it, in joules.</summary>
    [Id(8)] public double Joules { get; init; }

    /// <summary>Silo and device that computed it last.</summary>
    [Id(9)] public string Device { get; init; } = "";

    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => $"{nameof(AgentStepView)} {Id} {State}";
}
