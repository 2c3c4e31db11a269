namespace Crescent.Grains.Contracts.Factory;

/// <summary>One placement decision with all that it was made of.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PlacementDecisionReport")]
public sealed record PlacementDecisionReport
{
    /// <summary>The request's id; with several choices or inputs, that of one of them.</summary>
    [Id(0)] public required string RequestId { get; init; }

    /// <summary>Counts the decisions of the request's stream: 1 for the first, more when it went on elsewhere.</summary>
    [Id(1)] public int Attempt { get; init; }

    /// <summary>Why the attempt before was given up: a device that was lost, drained, or dearer than another; null for the first.</summary>
    [Id(20)] public string? Cause { get; init; }

    /// <summary>When it was made.</summary>
    [Id(2)] public DateTimeOffset At { get; init; }

    /// <summary>The silo that made it.</summary>
    [Id(3)] public required string Silo { get; init; }

    /// <summary>The policy in force.</summary>
    [Id(4)] public required string Policy { get; init; }

    /// <summary>Names of the terms, with units.</summary>
    [Id(5)] public required IReadOnlyList<string> Terms { get; init; }

    /// <summary>Tokens to prefill, those of earlier attempts included.</summary>
    [Id(6)] public int PromptTokens { get; init; }

    /// <summary>Most tokens to generate.</summary>
    [Id(7)] public int MaxTokens { get; init; }

    /// <summary>Tokens that were expected to come.</summary>
    [Id(8)] public double ExpectedTokens { get; init; }

    /// <summary>The device decided on; null when none could take the call.</summary>
    [Id(9)] public string? Chosen { get; init; }

    /// <summary>The device that took it, which may be a neighbour of the one decided on; null when none did.</summary>
    [Id(10)] public string? Taken { get; init; }

    /// <summary>A device that the call had to go to if it could, such as that of a choice it forks off; or null.</summary>
    [Id(11)] public string? Preferred { get; init; }

    /// <summary>The devices.</summary>
    [Id(12)] public required IReadOnlyList<DecisionCandidate> Candidates { get; init; }

    /// <summary>Devices beyond those that are kept.</summary>
    [Id(13)] public int Omitted { get; init; }
}
