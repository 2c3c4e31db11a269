using Crescent.Grains.Contracts.Power;

namespace Crescent.Silo.Ops;

/// <summary>The metrics of the levels that have a power budget. Every silo tells of all of them, as each has heard the governor.</summary>
internal static class PowerLevelMetrics
{
    private static readonly (string Name, string Help, Func<PowerLevelSnapshot, double> Value)[] Metrics =
    [
        ("crescent:power_level_budget_watts", "Most power that the devices of a level may draw.", static l => l.BudgetWatts),
        ("crescent:power_level_watts", "Power that they draw.", static l => l.Watts),
        ("crescent:power_level_cap_watts", "Sum of the caps that they have confirmed.", static l => l.CapWatts),
        ("crescent:power_level_price", "What placement pays for power there, in points for all that is left; 0 while there is enough.", static l => l.Price),
    ];

    /// <summary>Writes them.</summary>
    /// <param name="text">Where to.</param>
    /// <param name="levels">Levels with a budget.</param>
    /// <param name="simulated">Whether devices that this silo tells of are simulated.</param>
    public static void Write(IMetricSink text, IReadOnlyList<PowerLevelSnapshot> levels, bool simulated)
    {
        foreach (var (name, help, value) in Metrics)
        {
            text.Begin(name, "gauge", help);
            foreach (var level in levels)
            {
                text.Sample(name, value(level), ("kind", level.Kind), ("name", level.Name), ("simulated", simulated ? "true" : "false"));
            }
        }
    }
}
