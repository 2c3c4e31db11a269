using Crescent.Engine.Devices;

namespace Crescent.Control.Placement;

/// <summary>One device in a <see cref="FactoryView"/>: its newest report and what has been placed on it since.</summary>
public struct DeviceState
{
    /// <summary><c>silo/device</c>.</summary>
    public required string Key { get; init; }

    /// <summary>Name of the model that it serves; null where that is not told.</summary>
    public string? Model { get; set; }

    /// <summary>What it costs.</summary>
    public required DeviceProfile Profile { get; set; }

    /// <summary>How busy it is.</summary>
    public DeviceLoad Load { get; set; }

    /// <summary>Number of the report.</summary>
    public long Sequence { get; set; }

    /// <summary>When the report came, in seconds of the view's clock.</summary>
    public double HeardAt { get; set; }

    /// <summary>Share of its time, at full clock, that the prompts take which have come over the last seconds.</summary>
    public double PromptShare { get; set; }

    /// <summary>The same over the last second: what a burst raises at once.</summary>
    public double BurstShare { get; set; }

    /// <summary>It takes no new work.</summary>
    public bool Draining { get; set; }

    /// <summary>Nothing can run on it now: it is sick, being opened, or closed.</summary>
    public bool Closed { get; set; }

    /// <summary>Calls can be sent to it now.</summary>
    public bool Reachable { get; set; }

    /// <summary>Calls placed here and not yet ended.</summary>
    public int Reserved { get; set; }

    /// <summary>Those of them that the report does not count yet.</summary>
    public int UnseenCalls { get; set; }

    /// <summary>Their prompt tokens, less what the cache holds of them.</summary>
    public int UnseenPromptTokens { get; set; }

    /// <summary>The same in seconds at full clock.</summary>
    public double UnseenPromptSeconds { get; set; }

    /// <summary>Calls that other front ends are taken to have placed here meanwhile: they count where devices are compared, and close none.</summary>
    public int OthersCalls { get; set; }

    /// <summary>Their prompt tokens, less what the cache holds of them.</summary>
    public long OthersPromptTokens { get; set; }

    /// <summary>The same in seconds at full clock.</summary>
    public double OthersPromptSeconds { get; set; }

    /// <summary>All of their prompt tokens.</summary>
    public int UnseenWholeTokens { get; set; }

    /// <summary>KV blocks of their prompts, less what the cache holds of them.</summary>
    public int UnseenNewBlocks { get; set; }

    /// <summary>Their KV blocks at their longest.</summary>
    public int UnseenBlocks { get; set; }

    /// <summary>Watts they were expected to add.</summary>
    public double UnseenWatts { get; set; }

    /// <summary>Its own budget, or null.</summary>
    public PowerLevel? OwnLevel { get; set; }

    /// <summary>Its node, or null.</summary>
    public PowerLevel? NodeLevel { get; set; }

    /// <summary>Its rack, or null.</summary>
    public PowerLevel? RackLevel { get; set; }

    /// <summary>The cluster, or null.</summary>
    public PowerLevel? ClusterLevel { get; set; }

    /// <summary>What a watt more costs here, in points: the prices over the headroom of each level it belongs to.</summary>
    public readonly double PointsPerWatt =>
        (OwnLevel?.PointsPerWatt ?? 0) + (NodeLevel?.PointsPerWatt ?? 0) + (RackLevel?.PointsPerWatt ?? 0) + (ClusterLevel?.PointsPerWatt ?? 0);

    /// <summary>Watts that the tightest level it belongs to has left.</summary>
    public readonly double HeadroomWatts => Math.Min(LocalHeadroomWatts, ClusterLevel?.HeadroomWatts ?? double.PositiveInfinity);

    /// <summary>The same of those below the cluster: its own, its node's and its rack's.</summary>
    public readonly double LocalHeadroomWatts => Math.Min(
        Math.Min(OwnLevel?.HeadroomWatts ?? double.PositiveInfinity, NodeLevel?.HeadroomWatts ?? double.PositiveInfinity),
        RackLevel?.HeadroomWatts ?? double.PositiveInfinity);

    /// <summary>Adds to what all its levels draw and have promised, W.</summary>
    internal readonly void Charge(double watts, double reserved)
    {
        OwnLevel?.Charge(watts, reserved);
        NodeLevel?.Charge(watts, reserved);
        RackLevel?.Charge(watts, reserved);
        ClusterLevel?.Charge(watts, reserved);
    }

    /// <summary>Sequences that run, wait or are on their way.</summary>
    public readonly int Sequences => Load.Running + Load.Waiting + UnseenCalls;

    /// <summary>KV blocks that are free and not promised.</summary>
    public readonly int RoomNow => Load.FreeBlocks - UnseenBlocks;
}
