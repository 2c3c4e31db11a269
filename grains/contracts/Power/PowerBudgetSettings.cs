namespace Crescent.Grains.Contracts.Power;

/// <summary>Most watts that may be drawn at each level; what is not named is bounded only by the level above it.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PowerBudgetSettings")]
public sealed record PowerBudgetSettings
{
    /// <summary>The whole cluster, W; null for no bound, or a share.</summary>
    [Id(0)] public double? ClusterWatts { get; init; }

    /// <summary>The whole cluster as a share of the sum of its devices' highest watts, above 0 and up to 1; null for no bound, or watts.</summary>
    [Id(1)] public double? ClusterShare { get; init; }

    /// <summary>By name of the rack, W.</summary>
    [Id(2)] public Dictionary<string, double> Racks { get; init; } = [];

    /// <summary>By name of the node, W.</summary>
    [Id(3)] public Dictionary<string, double> Nodes { get; init; } = [];

    /// <summary>By device (<c>silo/device</c>), W.</summary>
    [Id(4)] public Dictionary<string, double> Devices { get; init; } = [];
}
