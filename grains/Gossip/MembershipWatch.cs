using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Serving;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Telemetry.Kv;
using Microsoft.Extensions.Hosting;

namespace Crescent.Grains.Gossip;

/// <summary>Tells everyone in this silo at once when another silo has left: its devices, its streams and its links are gone.</summary>
internal sealed class MembershipWatch(
    IClusterMembershipService membership, PlacementLedger ledger, SiloRoles roles, DeviceRegistry devices, KvIndexFeed caches, StreamWatch streams) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
            {
                ledger.Keep(silo => snapshot.GetSiloStatus(silo) == SiloStatus.Active);
                roles.Keep(silo => !snapshot.GetSiloStatus(silo).IsTerminating());
                devices.KeepLinks(silo => !snapshot.GetSiloStatus(silo).IsTerminating());
                caches.Keep(silo => snapshot.GetSiloStatus(silo) == SiloStatus.Active);
                streams.FollowMembership(snapshot);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }
}
