using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kv;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;
using Crescent.Grains.Streams;
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
    CrescentSiloOptions options,
    TokenRouter tokens,
    ITelemetryClient peers) : GrainService(id, silo, loggers), ITelemetryService
{
    /// <summary>Time between two reports.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Quiet silos, which neither place calls nor govern power, are told one report in so many, each in its turn: often enough for any of them to be the next governor.</summary>
    public const int SeldomEvery = 8;

    /// <summary>
    /// A report goes to about so many of them at the most: with each telling each as often the work of all grows with the square of their number. Where there are more than 48 they know of others what is stale when they begin to listen,
    /// until the next reports, which are for them.
    /// </summary>
    private const int MostInTurn = 4;

    /// <summary>A silo of devices that has placed a call wants to be told for this long, s.</summary>
    private const double ListenSeconds = 30;

    /// <summary>A governor that was not heard for this long is nudged.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>The same where another silo had better be first to miss it: it belongs into a front end.</summary>
    private static readonly TimeSpan PatienceOfDevices = TimeSpan.FromSeconds(3);

    private readonly ILogger _log = loggers.CreateLogger<TelemetryService>();
    private readonly HashSet<string> _misunderstood = new(StringComparer.Ordinal);
    private IGrainTimer? _timer;
    private double _nudgedAt = double.NegativeInfinity;
    private bool _listened;
    private long _reports;
    private int _quiet;

    /// <summary>One report in how many each of <paramref name="quiet"/> silos is told.</summary>
    public static int Turns(int quiet) => Math.Max(SeldomEvery, quiet / MostInTurn);

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
    private void WatchPower(bool observes)
    {
        var (state, age) = power.Newest;
        if (observes)
        {
            power.Observe(ledger.Snapshot());
        }

        levels.Fill(ledger, state);
        devices.FallBackIf(power.IsForsaken);

        // A silo whose start fails, for a port that is taken, has stopped before it could place a governor.
        var lives = host.ApplicationStarted.IsCancellationRequested && !host.ApplicationStopping.IsCancellationRequested;
        var patience = options.Role == SiloRoles.Device ? PatienceOfDevices : Patience;
        var unheard = state is null && options.Role != SiloRoles.Device ? double.PositiveInfinity : age;
        if (lives && unheard > patience.TotalSeconds && power.Now - _nudgedAt > Patience.TotalSeconds)
        {
            _nudgedAt = power.Now;
            _ = grains.GetGrain<IPowerGovernorGrain>(0).Nudge();
        }
    }

    private Task Publish(CancellationToken cancellationToken)
    {
        var own = power.Own;
        var listens = options.Role != SiloRoles.Device || own is not null || tokens.Count > 0 || ledger.UnaskedSeconds < ListenSeconds;
        var report = devices.Report() with { Budgets = power.Budgets, Power = own, Listens = listens };
        Apply(report);

        // That it begins to listen, and what a governor says, is for all.
        var toAll = own is not null || listens != _listened;
        _listened = listens;
        WatchPower(listens || _reports % SeldomEvery == 0);
        var (turns, turn, quiet) = (Turns(_quiet), _reports++, 0);
        foreach (var member in membership.CurrentSnapshot.Members.Values)
        {
            if (member.Status != SiloStatus.Active || member.SiloAddress.Equals(report.Silo))
            {
                continue;
            }

            var isQuiet = roles.Listens(member.SiloAddress) == false;
            if (!isQuiet || toAll || (turn + quiet) % turns == 0)
            {
                _ = peers.Of(member.SiloAddress).Gossip(report);
            }

            quiet += isQuiet ? 1 : 0;
        }

        _quiet = quiet;
        return Task.CompletedTask;
    }
}
