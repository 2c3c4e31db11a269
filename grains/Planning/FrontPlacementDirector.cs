using Crescent.Grains.Telemetry;
using Orleans.Runtime.Placement;

namespace Crescent.Grains.Planning;

/// <inheritdoc cref="FrontPlacement"/>
internal sealed class FrontPlacementDirector(SiloRoles roles) : IPlacementDirector
{
    private const string DeviceRole = "device";

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var fronts = context.GetCompatibleSilos(target).Where(silo => roles.Of(silo) is not (DeviceRole or "")).ToList();
        return fronts.Count == 0
            ? throw new SiloUnavailableException("No front end has been heard of, and the planner lives in one.")
            : Task.FromResult(fronts.Contains(context.LocalSilo) ? context.LocalSilo : fronts.MinBy(static silo => silo.ToString())!);
    }
}
