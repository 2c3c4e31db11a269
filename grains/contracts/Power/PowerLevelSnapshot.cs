namespace Crescent.Grains.Contracts.Power;

/// <summary>A level of the factory that has a budget.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.PowerLevelSnapshot")]
public sealed record PowerLevelSnapshot
{
    /// <summary><c>cluster</c>, <c>rack</c>, <c>node</c> or <c>device</c>.</summary>
    [Id(0)] public required string Kind { get; init; }

    /// <summary>Name of the rack, node or device; empty for the cluster.</summary>
    [Id(1)] public string Name { get; init; } = "";

    /// <summary>Most watts.</summary>
    [Id(2)] public double BudgetWatts { get; init; }

    /// <summary>Watts drawn.</summary>
    [Id(3)] public double Watts { get; init; }

    /// <summary>Sum of the caps that its devices have confirmed.</summary>
    [Id(4)] public double CapWatts { get; init; }

    /// <summary>Most that can be in force: caps, orders that are not confirmed, what is kept for devices that left.</summary>
    [Id(5)] public double ExposedWatts { get; init; }

    /// <summary>Sum of its devices' lowest caps: no budget below it can be kept by caps.</summary>
    [Id(6)] public double LeastWatts { get; init; }

    /// <summary>What placement pays for watts here, in points for all that is left.</summary>
    [Id(7)] public double Price { get; init; }

    /// <summary>What is done about it: <c>none</c>, <c>lower_caps</c>, <c>defer_batch</c> or <c>drain</c>.</summary>
    [Id(8)] public string Action { get; init; } = "none";
}
