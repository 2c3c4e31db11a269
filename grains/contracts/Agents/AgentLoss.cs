namespace Crescent.Grains.Contracts.Agents;

/// <summary>
/// Attempts at a task's steps that came to nothing: a device failed them, or the task's silo died or stopped under them. What they took, as far as it is known; of one that
/// died with its silo nothing is.
/// </summary>
[GenerateSerializer, Immutable, Alias("Crescent.AgentLoss")]
public sealed record AgentLoss
{
    /// <summary>Attempts.</summary>
    [Id(0)] public int Attempts { get; init; }

    /// <summary>Tokens of their prompts, of those that came to a token of output.</summary>
    [Id(1)] public long PromptTokens { get; init; }

    /// <summary>Tokens that they generated.</summary>
    [Id(2)] public long OutputTokens { get; init; }

    /// <summary>Energy attributed to them, in joules.</summary>
    [Id(3)] public double Joules { get; init; }
}
