using Crescent.Control.Power;
using Crescent.Grains.Contracts.Power;

namespace Crescent.Grains.Telemetry;

/// <summary>What the governor tells all silos, each time that it looks.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PowerState")]
public sealed record GovernorReport
{
    /// <summary>Of the governor.</summary>
    [Id(0)] public long Term { get; init; }

    /// <summary>Counts its looks.</summary>
    [Id(1)] public long Look { get; init; }

    /// <summary>Name of its silo.</summary>
    [Id(2)] public required string Governor { get; init; }

    /// <summary>How caps are divided.</summary>
    [Id(3)] public string Controller { get; init; } = "";

    /// <summary>Levels with a budget.</summary>
    [Id(4)] public PowerLevelSnapshot[] Levels { get; init; } = [];

    /// <summary>Calls of the batch class are to wait.</summary>
    [Id(5)] public bool DeferBatch { get; init; }

    /// <summary>Devices that are to be drained.</summary>
    [Id(6)] public string[] Drain { get; init; } = [];

    /// <summary>What was done of late, newest last: a governor that starts goes on from there.</summary>
    [Id(7)] public PowerEventSnapshot[] Events { get; init; } = [];

    /// <summary>Whether there are budgets to keep: then a device that no longer hears the governor falls back.</summary>
    [Id(8)] public bool HasBudgets { get; init; }

    /// <summary>The word for a level.</summary>
    internal static string Word(PowerLevelKind kind) => kind switch
    {
        PowerLevelKind.Cluster => "cluster",
        PowerLevelKind.Rack => "rack",
        PowerLevelKind.Node => "node",
        _ => "device",
    };

    /// <summary>The word for a remedy.</summary>
    internal static string Word(PowerAction action) => action switch
    {
        PowerAction.None => "none",
        PowerAction.LowerCaps => "lower_caps",
        PowerAction.DeferBatch => "defer_batch",
        _ => "drain",
    };
}
