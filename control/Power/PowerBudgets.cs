namespace Crescent.Control.Power;

/// <summary>
/// Most watts that may be drawn, at each level of the factory; a level without an entry is bounded only by the one above it. GPU power
/// of devices counts, as their meters tell it; what servers draw beside it is not in a budget.
/// </summary>
public sealed record PowerBudgets
{
    /// <summary>No bounds at all.</summary>
    public static PowerBudgets None { get; } = new();

    /// <summary>The whole cluster, W; null for no bound.</summary>
    public double? ClusterWatts { get; init; }

    /// <summary>By name of the rack, W.</summary>
    public IReadOnlyDictionary<string, double> RackWatts { get; init; } = new Dictionary<string, double>();

    /// <summary>By name of the node, W.</summary>
    public IReadOnlyDictionary<string, double> NodeWatts { get; init; } = new Dictionary<string, double>();

    /// <summary>By key of the device (<c>silo/device</c>), W.</summary>
    public IReadOnlyDictionary<string, double> DeviceWatts { get; init; } = new Dictionary<string, double>();

    /// <summary>True when no level has a bound.</summary>
    public bool IsNone => ClusterWatts is null && RackWatts.Count + NodeWatts.Count + DeviceWatts.Count == 0;
}
