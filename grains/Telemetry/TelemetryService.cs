using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry.Kv;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Crescent.Grains.Telemetry;

/// <inheritdoc cref="ITelemetryService"/>
[Reentrant]
internal sealed class TelemetryService(
    GrainId id,
    Silo silo,
    ILoggerFactory loggers,
    DeviceRegistry devices,
    PlacementLedger ledger,
    SiloRoles roles,
    KvIndexFeed caches,
    IClusterMembershipService membership,
    ITelemetryClient peers) : GrainService(id, silo, loggers), ITelemetryService
{
    /// <summary>Time between two reports.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private IGrainTimer? _timer;

    public override Task Start()
    {
        _timer = RegisterGrainTimer(Publish, TimeSpan.Zero, Interval);
        return base.Start();
    }

    public override Task Stop()
    {
        _timer?.Dispose();
        return base.Stop();
    }

    public Task Gossip(SiloReport report)
    {
        ledger.Apply(report);
        roles.Apply(report);
        return Task.CompletedTask;
    }

    public Task<KvReceipt> TakeKvEvents(KvEventMessage message) => Task.FromResult(caches.Take(message));

    private Task Publish(CancellationToken cancellationToken)
    {
        var report = devices.Report();
        ledger.Apply(report);
        roles.Apply(report);
        foreach (var member in membership.CurrentSnapshot.Members.Values)
        {
            if (member.Status == SiloStatus.Active && !member.SiloAddress.Equals(report.Silo))
            {
                _ = peers.Of(member.SiloAddress).Gossip(report);
            }
        }

        return Task.CompletedTask;
    }
}
