
namespace Crescent.Grains.Telemetry;

/// <summary>A silo and its devices at a moment.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.SiloReport")]
public sealed record SiloReport
{
    [Id(0)] public required SiloAddress Silo { get; init; }

    /// <summary>Name of the silo, the same after a restart.</summary>
    [Id(1)] public required string Name { get; init; }

    /// <summary><c>front</c>, <c>device</c> or <c>all</c>.</summary>
    [Id(2)] public string Role { get; init; } = "";

    /// <summary>Counts the silo's reports; a lower one is older.</summary>
    [Id(3)] public long Sequence { get; init; }

    /// <summary>True when it takes no new work.</summary>
    [Id(4)] public bool Draining { get; init; }

    /// <summary>Its devices; empty for a front end.</summary>
    [Id(5)] public required DeviceReport[] Devices { get; init; }

    /// <summary>The <see cref="WireVersion"/> of the silo; a report of another than one's own is passed over.</summary>
    [Id(6)] public int Version { get; init; } = WireVersion.Current;

    /// <summary>The newest power budgets that it has heard of.</summary>
    [Id(20)] public BudgetBook? Budgets { get; init; }

    /// <summary>What the power governor says, where that is in this silo.</summary>
    [Id(21)] public GovernorReport? Power { get; init; }

    /// <summary>True when it wants to hear all reports at once although it is no front end: it places calls, or governs power.</summary>
    [Id(22)] public bool Listens { get; init; }
}
