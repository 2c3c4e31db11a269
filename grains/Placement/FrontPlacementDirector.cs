using Crescent.Grains.Configuration;
using Crescent.Grains.Telemetry;
using Orleans.Runtime.Placement;

namespace Crescent.Grains.Placement;

/// <inheritdoc cref="FrontPlacement"/>
internal sealed class FrontPlacementDirector(SiloRoles roles, CrescentSiloOptions options) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var compatible = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, compatible) is { } hint)
        {
            return Task.FromResult(hint);
        }

        var here = Array.IndexOf(compatible, context.LocalSilo) >= 0;
        if (here && options.Role != SiloRoles.Device)
        {
            return Task.FromResult(context.LocalSilo);
        }

        var fronts = compatible.Where(roles.IsFront).ToArray();
        return Task.FromResult(fronts.Length > 0 ? fronts[Random.Shared.Next(fronts.Length)] : here ? context.LocalSilo : compatible[Random.Shared.Next(compatible.Length)]);
    }
}
