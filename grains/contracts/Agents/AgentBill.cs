namespace Crescent.Grains.Contracts.Agents;

/// <summary>What a task has taken: each step that began counts once, also one that was cut short.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.AgentBill")]
public sealed record AgentBill
{
    /// <summary>Inferences.</summary>
    [Id(0)] public int Calls { get; init; }

    /// <summary>Calls of tools.</summary>
    [Id(1)] public int ToolCalls { get; init; }

    /// <summary>Tokens of prompts.</summary>
    [Id(2)] public long PromptTokens { get; init; }

    /// <summary>Of these, those that came from a prefix cache or were forked off a sibling.</summary>
    [Id(3)] public long CachedTokens { get; init; }

    /// <summary>Tokens generated.</summary>
    [Id(4)] public long OutputTokens { get; init; }

    /// <summary>Seconds of all steps together.</summary>
    [Id(5)] public double StepSeconds { get; init; }

    /// <summary>Energy attributed to its calls, in joules.</summary>
    [Id(6)] public double Joules { get; init; }

    /// <summary>Attempts at steps that came to nothing; in none of the other figures.</summary>
    [Id(7)] public AgentLoss Lost { get; init; } = new();
}
