namespace Crescent.Grains.Contracts.Power;

/// <summary>Budgets, caps and what is done to keep them, as the answering silo has heard of the governor.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PowerSnapshot")]
public sealed record PowerSnapshot
{
    /// <summary>Counts the changes of the budgets; 0 for those of the configuration.</summary>
    [Id(0)] public long Version { get; init; }

    /// <summary>The budgets in force.</summary>
    [Id(1)] public required PowerBudgetSettings Budgets { get; init; }

    /// <summary>Sum of the highest watts of all devices.</summary>
    [Id(2)] public double NameplateWatts { get; init; }

    /// <summary>Watts drawn by all devices.</summary>
    [Id(3)] public double Watts { get; init; }

    /// <summary>Sum of the caps in force.</summary>
    [Id(4)] public double CapWatts { get; init; }

    /// <summary>True when some of the watts are modelled.</summary>
    [Id(5)] public bool Simulated { get; init; }

    /// <summary>The silo that the governor is in; empty before one was heard.</summary>
    [Id(6)] public string Governor { get; init; } = "";

    /// <summary>How caps are divided.</summary>
    [Id(7)] public string Controller { get; init; } = "";

    /// <summary>Time since the governor was heard, s.</summary>
    [Id(8)] public double AgeSeconds { get; init; }

    /// <summary>Levels with a budget.</summary>
    [Id(9)] public IReadOnlyList<PowerLevelSnapshot> Levels { get; init; } = [];

    /// <summary>Calls of the batch class wait.</summary>
    [Id(10)] public bool DeferBatch { get; init; }

    /// <summary>Devices that are drained for power.</summary>
    [Id(11)] public IReadOnlyList<string> Draining { get; init; } = [];

    /// <summary>What was done of late, newest last.</summary>
    [Id(12)] public IReadOnlyList<PowerEventSnapshot> Events { get; init; } = [];
}
