using Crescent.Control.Placement;
using Crescent.Control.Power;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Crescent.Grains.Power;

/// <inheritdoc cref="IPowerGovernorGrain"/>
/// <remarks>The shell of a <see cref="PowerGovernor"/>: reads what its silo has heard, sends orders, tells all silos.</remarks>
[KeepAlive, Reentrant, FrontPlacement]
internal sealed class PowerGovernorGrain(
    PlacementLedger ledger,
    SiloRoles roles,
    PowerDesk desk,
    IPlacementPolicy policy,
    IClusterMembershipService membership,
    ITelemetryClient peers,
    ILocalSiloDetails silo,
    TimeProvider time,
    ILogger<PowerGovernorGrain> logger) : Grain, IPowerGovernorGrain
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>Events that are kept.</summary>
    private const int MostEvents = 50;

    /// <summary>How long a silo that says nothing keeps a governor from looking, s: then it counts as one without devices.</summary>
    private const double SilenceSeconds = 5;

    private readonly PowerGovernor _governor = new(PowerControllers.For(policy.Name));
    private readonly Queue<PowerEventSnapshot> _events = new();
    private Task _asking = Task.CompletedTask;
    private double _startedAt;
    private long _look;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _startedAt = desk.Now;
        foreach (var happened in desk.Newest.State?.Events ?? [])
        {
            _events.Enqueue(happened);
        }

        _asking = Ask();
        this.RegisterGrainTimer(Look, Interval, Interval);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        desk.Publish(null);
        return Task.CompletedTask;
    }

    public Task Nudge() => Task.CompletedTask;

    public async Task<BudgetBook> SetBudgets(PowerBudgetSettings budgets)
    {
        var book = new BudgetBook { Version = desk.Budgets.Version + 1, SetAt = time.GetUtcNow().UtcTicks, Budgets = budgets };
        desk.Hear(book);
        var readings = Readings();
        var cluster = PowerDesk.InWatts(budgets, desk.Nameplate(readings)).ClusterWatts;
        Note("budgets changed", "cluster", readings.Sum(static r => r.Watts), cluster ?? 0);
        Look();
        await Spread(book);
        return book;
    }

    /// <summary>Returns once another silo has the budgets; all have them with the next gossip.</summary>
    private async Task Spread(BudgetBook book)
    {
        var telling = membership.CurrentSnapshot.Members.Values
            .Where(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(silo.SiloAddress))
            .Select(m => peers.Of(m.SiloAddress).HearBudgets(book))
            .ToList();
        while (telling.Count > 0)
        {
            var told = await Task.WhenAny(telling);
            telling.Remove(told);
            if (told.IsCompletedSuccessfully)
            {
                telling.ForEach(static late => late.Ignore());
                return;
            }

            PowerLog.NotTold(logger, told.Exception?.GetBaseException().Message ?? "cancelled");
        }
    }

    /// <summary>Asks all silos which devices they have seen leave: this one may have come after that, and would think their watts free.</summary>
    private async Task Ask()
    {
        foreach (var asked in membership.CurrentSnapshot.Members.Values
            .Where(m => m.Status == SiloStatus.Active && !m.SiloAddress.Equals(silo.SiloAddress))
            .Select(m => peers.Of(m.SiloAddress).Absent())
            .ToList())
        {
            try
            {
                desk.Learn(await asked);
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or InvalidOperationException)
            {
                PowerLog.NotTold(logger, e.Message);
            }
        }
    }

    private Task Look(CancellationToken cancellationToken)
    {
        if (desk.Now - _startedAt > SilenceSeconds || (_asking.IsCompleted && HasHeardAll()))
        {
            Look();
        }

        return Task.CompletedTask;
    }

    private void Look()
    {
        foreach (var (at, last) in desk.Departed())
        {
            _governor.Remember(at, last);
        }

        var readings = Readings();
        var budgets = PowerDesk.InWatts(desk.Budgets.Budgets, desk.Nameplate(readings));
        var step = _governor.Step(desk.Now, readings, budgets);
        if (_look++ == 0)
        {
            PowerLog.Governs(logger, readings.Length, silo.Name, _governor.Controller.Name);
            Note($"governor in {silo.Name}", "cluster", readings.Sum(static r => r.Watts), budgets.ClusterWatts ?? 0);
        }

        foreach (var order in step.Orders)
        {
            _ = Send(order);
        }

        foreach (var happened in step.Events)
        {
            Note(GovernorReport.Word(happened.Action), Level(happened.Level, happened.Name), happened.Watts, happened.BudgetWatts);
        }

        desk.Publish(State(step, budgets));
    }

    /// <summary>A silo that has just joined has not heard of most devices yet: it would think their watts free.</summary>
    private bool HasHeardAll() => membership.CurrentSnapshot.Members.Values.All(m =>
        m.Status != SiloStatus.Active || roles.Of(m.SiloAddress).Length > 0);

    private DevicePower[] Readings() => [.. ledger.Snapshot().Select(PowerReadings.Of)];

    private async Task Send(CapOrder order)
    {
        try
        {
            await GrainFactory.GetGrain<IGpuGrain>(order.Device).SetCap(CapCommand.Of(order));
        }
        catch (Exception e) when (e is OrleansException or TimeoutException or InvalidOperationException)
        {
            // It is repeated at the next look for as long as the device does not report it.
            PowerLog.NotTaken(logger, order.Device, order.Watts, e.Message);
        }
    }

    private GovernorReport State(GovernorStep step, PowerBudgets budgets) => new()
    {
        Term = _governor.Term,
        Look = _look,
        Governor = silo.Name,
        Controller = _governor.Controller.Name,
        Levels =
        [
            .. step.Levels.Select(static level => new PowerLevelSnapshot
            {
                Kind = GovernorReport.Word(level.Kind),
                Name = level.Name,
                BudgetWatts = level.BudgetWatts,
                Watts = level.Watts,
                CapWatts = level.CapWatts,
                ExposedWatts = level.ExposedWatts,
                LeastWatts = level.LeastWatts,
                Price = level.Price,
                Action = GovernorReport.Word(level.Action),
            }),
        ],
        DeferBatch = step.DeferBatch,
        Drain = [.. step.Drain],
        Events = [.. _events],
        HasBudgets = !budgets.IsNone,
    };

    private void Note(string what, string level, double watts, double budget)
    {
        PowerLog.Did(logger, what, level, watts, budget);
        _events.Enqueue(new PowerEventSnapshot(time.GetUtcNow(), what, level, watts, budget));
        while (_events.Count > MostEvents)
        {
            _events.Dequeue();
        }
    }

    private static string Level(PowerLevelKind kind, string name) => name.Length == 0 ? GovernorReport.Word(kind) : $"{GovernorReport.Word(kind)} {name}";
}
