namespace Crescent.Grains.Telemetry;

/// <summary>A device that has left, as a silo remembers it for the next governor: until it must have fallen back it may draw all that it had.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.AbsentDevice")]
public sealed record AbsentDevice
{
    /// <summary><c>silo/device</c>.</summary>
    [Id(0)] public string Key { get; init; } = "";

    /// <summary>Its node.</summary>
    [Id(1)] public string Node { get; init; } = "";

    /// <summary>Its rack; empty where racks are not told.</summary>
    [Id(2)] public string Rack { get; init; } = "";

    /// <summary>For how long it has been away, s.</summary>
    [Id(3)] public double SecondsAgo { get; init; }

    /// <summary>Cap that it said was in force, W.</summary>
    [Id(4)] public double CapWatts { get; init; }

    /// <summary>Its lowest cap, W.</summary>
    [Id(5)] public double MinCapWatts { get; init; }

    /// <summary>Its highest cap, W.</summary>
    [Id(6)] public double MaxCapWatts { get; init; }

    /// <summary>Which start of the device it was; 0 where it had no cap to set.</summary>
    [Id(7)] public long Incarnation { get; init; }

    /// <summary>Term of the last order that it took.</summary>
    [Id(8)] public long CapTerm { get; init; }

    /// <summary>Number of the last order that it took.</summary>
    [Id(9)] public long CapNumber { get; init; }
}
