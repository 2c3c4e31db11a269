namespace Crescent.Control.Power;

/// <summary>What the governor says of a level of the factory.</summary>
/// <param name="Kind">Which level.</param>
/// <param name="Name">Device key, node or rack; empty for the cluster.</param>
/// <param name="BudgetWatts">Most watts.</param>
/// <param name="Watts">Watts drawn, by the newest readings.</param>
/// <param name="CapWatts">Sum of the caps that its devices have confirmed.</param>
/// <param name="Price">Points for all of its headroom: what placement pays for watts here.</param>
public readonly record struct LevelPower(PowerLevelKind Kind, string Name, double BudgetWatts, double Watts, double CapWatts, double Price)
{
    /// <summary>Most that its devices can have in force: confirmed caps, those ordered and not yet confirmed, and what is kept for devices that left.</summary>
    public double ExposedWatts { get; init; }

    /// <summary>Sum of its devices' lowest caps: a budget below it cannot be kept by caps alone.</summary>
    public double LeastWatts { get; init; }

    /// <summary>What is done about it.</summary>
    public PowerAction Action { get; init; }
}
