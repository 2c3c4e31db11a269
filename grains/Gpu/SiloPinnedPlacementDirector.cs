using Crescent.Grains.Telemetry;
using Orleans.Runtime.Placement;

namespace Crescent.Grains.Gpu;

/// <summary>Finds the silo that owns a device by its name, which unlike its address is the same after a restart.</summary>
internal sealed class SiloPinnedPlacementDirector(IClusterMembershipService membership) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var compatible = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, compatible) is { } hint)
        {
            return Task.FromResult(hint);
        }

        var owner = DeviceKey.Parse(target.GrainIdentity.Key.ToString()!).Silo;
        SiloAddress? found = null;
        foreach (var member in membership.CurrentSnapshot.Members.Values)
        {
            // A restarted silo may stand beside its former self for a moment: the later generation is the living one.
            if (member.Status == SiloStatus.Active && member.Name == owner && Array.IndexOf(compatible, member.SiloAddress) >= 0
                && (found is null || member.SiloAddress.Generation > found.Generation))
            {
                found = member.SiloAddress;
            }
        }

        return found is not null
            ? Task.FromResult(found)
            : throw new SiloUnavailableException($"Silo {owner}, which owns {target.GrainIdentity.Key}, is not active.");
    }
}
