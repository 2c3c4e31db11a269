namespace Crescent.Grains.Contracts.Factory;

/// <summary>A device as it stood before a placement decision.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.DecisionCandidate")]
public sealed record DecisionCandidate
{
    /// <summary><c>silo/device</c>.</summary>
    [Id(0)] public required string Device { get; init; }

    /// <summary>Whether it could take the call: Open, or why not.</summary>
    [Id(1)] public required string Gate { get; init; }

    /// <summary>Points by term, in the order of <see cref="PlacementDecisionReport.Terms"/>.</summary>
    [Id(2)] public required IReadOnlyList<double> Terms { get; init; }

    /// <summary>Their sum; of the devices with the best gate the lowest wins.</summary>
    [Id(3)] public double Score { get; init; }

    /// <summary>Prompt tokens that its cache held.</summary>
    [Id(4)] public int CachedTokens { get; init; }

    /// <summary>Foreseen seconds to the first token; null where the policy foresees none.</summary>
    [Id(5)] public double? TtftSeconds { get; init; }

    /// <summary>Foreseen seconds between two tokens; null where the policy foresees none.</summary>
    [Id(6)] public double? ItlSeconds { get; init; }

    /// <summary>Foreseen energy that the call adds, J; null where the policy foresees none.</summary>
    [Id(7)] public double? Joules { get; init; }

    /// <summary>Foreseen power that the call adds within a second, W; null where the policy foresees none.</summary>
    [Id(8)] public double? Watts { get; init; }
}
