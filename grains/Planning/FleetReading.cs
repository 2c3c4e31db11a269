using Crescent.Control.Planning;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;

namespace Crescent.Grains.Planning;

/// <summary>What a planner reads of the devices that its silo has heard of.</summary>
/// <param name="Load">What they serve.</param>
/// <param name="Shape">What a replica is; null where no device of one was heard of.</param>
/// <param name="BudgetWatts">Most that the devices of all replicas may draw, W; infinite for no bound.</param>
/// <param name="Simulated">Whether a device of them is simulated.</param>
internal readonly record struct FleetReading(FleetLoad Load, ReplicaShape? Shape, double BudgetWatts, bool Simulated)
{
    /// <summary>Reads them.</summary>
    /// <param name="devices">All devices.</param>
    /// <param name="isReplica">Whether a silo is a replica.</param>
    /// <param name="clusterWatts">The cluster's budget in watts. A share of the nameplate bounds no number, as it grows with it: null then, and where there is none.</param>
    public static FleetReading Of(DeviceSighting[] devices, Predicate<string> isReplica, double? clusterWatts)
    {
        var load = default(FleetLoad);
        var others = 0.0;
        var simulated = false;
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        ReplicaShape? one = null;
        foreach (var device in devices)
        {
            var reading = PowerReadings.Of(device);
            if (!isReplica(device.SiloName))
            {
                others += reading.CapWatts > 0 ? reading.CapWatts : reading.Watts;
                continue;
            }

            load = load.With(new FleetLoad(reading.Running + reading.Waiting, reading.ContextTokens, reading.PromptShare), static (sum, x) => sum + x);
            simulated |= device.Report.Simulated;
            counts[device.SiloName] = counts.GetValueOrDefault(device.SiloName) + 1;

            // The slowest speaks for all: what is enough for it is enough.
            var shape = new ReplicaShape(reading.Profile, 1, device.State.Load.Room);
            one = one is { } slowest && slowest.Profile.DecodeSeconds(1, 0) >= shape.Profile.DecodeSeconds(1, 0) ? one : shape;
        }

        return new FleetReading(
            load,
            one is { } shown ? shown with { Devices = counts.Values.Max() } : null,
            clusterWatts is { } watts ? Math.Max(0, watts - others) : double.PositiveInfinity,
            simulated);
    }
}
