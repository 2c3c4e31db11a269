using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kv;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Crescent.Grains.Gossip;

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
    PowerDesk power,
    PowerLevels levels,
    IGrainFactory grains,
    IHostApplicationLifetime host,
    ITelemetryClient peers) : GrainService(id, silo, loggers), ITelemetryService
{
    /// <summary>Time between two reports.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>A governor that was not heard for this long is nudged.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly ILogger _log = loggers.CreateLogger<TelemetryService>();
    private readonly HashSet<string> _misunderstood = new(StringComparer.Ordinal);
    private IGrainTimer? _timer;
    private double _nudgedAt = double.NegativeInfinity;

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
        if (report.Version == WireVersion.Current)
        {
            Apply(report);
        }
        else if (_misunderstood.Add(report.Name))
        {
            TelemetryLog.OtherVersion(_log, report.Name, report.Version, WireVersion.Current);
        }

        return Task.CompletedTask;
    }

    public Task HearBudgets(BudgetBook budgets)
    {
        power.Hear(budgets);
        return Task.CompletedTask;
    }

    public Task<AbsentDevice[]> Absent() => Task.FromResult(power.Absent());

    public Task<KvReceipt> TakeKvEvents(KvEventMessage message) => Task.FromResult(caches.Take(message));

    public Task<List<PlacementDecisionReport>> FindDecisions(string requestId) => Task.FromResult(ledger.Decisions(requestId));

    private void Apply(SiloReport report)
    {
        ledger.Apply(report);
        roles.Apply(report);
        if (report.Budgets is { } budgets)
        {
            power.Hear(budgets);
        }

        if (report.Power is { } state)
        {
            power.Hear(state);
        }
    }

    /// <summary>Follows the governor: its levels, its absence.</summary>
    private void WatchPower()
    {
        var (state, age) = power.Newest;
        power.Observe(ledger.Snapshot());
        levels.Fill(ledger, state);
        devices.FallBackIf(power.IsForsaken);

        // A silo whose start fails, for a port that is taken, has stopped before it could place a governor.
        var lives = host.ApplicationStarted.IsCancellationRequested && !host.ApplicationStopping.IsCancellationRequested;
        if (lives && (state is null || age > Patience.TotalSeconds) && power.Now - _nudgedAt > Patience.TotalSeconds)
        {
            _nudgedAt = power.Now;
            _ = grains.GetGrain<IPowerGovernorGrain>(0).Nudge();
        }
    }

    private Task Publish(CancellationToken cancellationToken)
    {
        var report = devices.Report() with { Budgets = power.Budgets, Power = power.Own };
        Apply(report);
        WatchPower();
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
