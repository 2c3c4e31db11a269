using Crescent.Engine.Scheduling;

namespace Crescent.Lab.Fleet;

/// <summary>A call that a fleet is given.</summary>
internal readonly record struct FleetRequest
{
    /// <summary>Makes the prompt, given the call's number.</summary>
    public required Func<int, int[]> Prompt { get; init; }

    /// <summary>Its length.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Tokens of the answer.</summary>
    public required int OutputTokens { get; init; }

    /// <summary>Whose it is, without its prompt.</summary>
    public required InferenceRequest Call { get; init; }

    /// <summary>What it is a part of, where its request does not tell; null for nothing.</summary>
    public string? Parent { get; init; }

    /// <summary>Who waits for it; null for nobody.</summary>
    public IFleetCaller? Caller { get; init; }
}
