using Crescent.Grains.Gpu;
using Crescent.Grains.Hosting;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gossip;

/// <summary>Tells everyone in this silo at once when another silo has left: its devices, its streams and its links are gone.</summary>
internal sealed class MembershipWatch(
    IClusterMembershipService membership,
    PlacementLedger ledger,
    SiloRoles roles,
    DeviceRegistry devices,
    KvIndexFeed caches,
    StreamWatch streams,
    FactoryMetrics metrics,
    ILogger<MembershipWatch> logger) : BackgroundService
{
    private readonly LoopFailures _failures = new("membership", metrics, logger);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(stoppingToken))
            {
                try
                {
                    Follow(snapshot);
                    _failures.Worked();
                }
                catch (Exception e)
                {
                    _failures.Failed(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }

    private void Follow(ClusterMembershipSnapshot snapshot)
    {
        ledger.Keep(silo => snapshot.GetSiloStatus(silo) == SiloStatus.Active);
        roles.Keep(silo => !snapshot.GetSiloStatus(silo).IsTerminating());
        devices.KeepLinks(silo => !snapshot.GetSiloStatus(silo).IsTerminating());
        caches.Keep(silo => snapshot.GetSiloStatus(silo) == SiloStatus.Active);
        streams.FollowMembership(snapshot);
    }
}
