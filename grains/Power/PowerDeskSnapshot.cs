using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Placement;

namespace Crescent.Grains.Power;

/// <summary>Shows what a silo knows of power.</summary>
internal static class PowerDeskSnapshot
{
    /// <summary>The state for a client.</summary>
    public static PowerSnapshot Snapshot(this PowerDesk desk, DeviceSighting[] devices)
    {
        var (state, age) = desk.Newest;
        var budgets = desk.Budgets;
        return new PowerSnapshot
        {
            Version = budgets.Version,
            Budgets = budgets.Budgets,
            NameplateWatts = desk.Nameplate([.. devices.Select(PowerReadings.Of)]),
            Watts = devices.Sum(static d => d.Report.Watts),
            CapWatts = devices.Sum(static d => d.Report.CapWatts),
            Simulated = devices.Any(static d => d.Report.Simulated),
            Governor = state?.Governor ?? "",
            Controller = state?.Controller ?? "",
            AgeSeconds = state is null ? 0 : age,
            Levels = state?.Levels ?? [],
            DeferBatch = desk.DeferBatch,
            Draining = state?.Drain ?? [],
            Events = state?.Events ?? [],
        };
    }
}
