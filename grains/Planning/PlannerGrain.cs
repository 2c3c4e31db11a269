using Crescent.Control.Planning;
using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace Crescent.Grains.Planning;

/// <inheritdoc cref="IPlannerGrain"/>
/// <remarks>
/// The shell of a <see cref="ReplicaPlanner"/>: reads what its silo has heard of devices and what has the replicas, empties a replica before it goes, and asks for another
/// number. What it has set and which replica it empties is kept beside the replicas, so that the next planner goes on from there.
/// </remarks>
[KeepAlive, Reentrant, FrontPlacement]
internal sealed class PlannerGrain(
    PlacementLedger ledger,
    PowerDesk power,
    PlannerDesk desk,
    IReplicaScale scale,
    IOptions<PlannerOptions> options,
    ILocalSiloDetails silo,
    TimeProvider time,
    ILogger<PlannerGrain> logger) : Grain, IPlannerGrain
{
    /// <summary>Events that are kept.</summary>
    private const int MostEvents = 50;

    /// <summary>A look that takes longer is given up: the API server does not answer.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly PlannerOptions _options = options.Value;
    private readonly ReplicaPlanner _planner = new(options.Value.Bounds);
    private readonly Queue<PlannerEventSnapshot> _events = new();
    private PlannerSnapshot _said = new() { Mode = options.Value.Mode };
    private string _noted = "";
    private string? _leaving;
    private long _leavingSince;
    private long _changes;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (_options.Does != PlannerMode.Off)
        {
            PlannerLog.Plans(logger, scale.Name, silo.Name, _options.Mode);
            var interval = TimeSpan.FromSeconds(_options.LookSeconds);
            this.RegisterGrainTimer(Look, interval, interval);
        }

        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        desk.Said = null;
        return Task.CompletedTask;
    }

    public Task Nudge() => Task.CompletedTask;

    public Task<PlannerSnapshot> GetPlan() => Task.FromResult(_said with { Events = [.. _events] });

    private async Task Look(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await Look(await scale.Read(patience.Token), patience.Token);
        }
        catch (ReplicaScaleException e)
        {
            Failed(e.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            Failed($"no answer within {Patience.TotalSeconds} s");
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            Failed(e.Message);
        }
    }

    private async Task Look(ReplicaScaleState replicas, CancellationToken stop)
    {
        _leaving ??= replicas.Leaving;
        var budgets = power.Budgets.Budgets;
        var seen = FleetReading.Of(ledger.Snapshot(), scale.Has, budgets.ClusterWatts);
        var now = time.GetUtcNow();
        var plan = _planner.Plan(new PlannerView
        {
            Now = power.Now,
            DayTime = now.TimeOfDay.TotalSeconds,
            Load = seen.Load,
            Shape = seen.Shape,
            Replicas = replicas.Replicas,
            Ready = replicas.Ready,
            Planned = replicas.Planned,
            BudgetWatts = seen.BudgetWatts,
            IsOff = replicas.IsOff,
        });
        _said = new PlannerSnapshot
        {
            Mode = _options.Mode,
            Planner = silo.Name,
            Of = scale.Name,
            At = now,
            Replicas = replicas.Replicas,
            Ready = replicas.Ready,
            Needed = plan.Needed,
            Expected = plan.Expected,
            Planned = plan.Replicas,
            Utilisation = double.IsFinite(plan.Utilisation) ? plan.Utilisation : 0,
            Watts = plan.Watts,
            BudgetWatts = double.IsFinite(seen.BudgetWatts) ? seen.BudgetWatts : null,
            Sequences = plan.Load.Sequences,
            ContextTokens = plan.Load.ContextTokens,
            PromptSeconds = plan.Load.PromptSeconds,
            Why = plan.Why,
            Simulated = seen.Simulated,
            Changes = _changes,
            Leaving = _leaving ?? "",
        };
        desk.Said = _said;
        if (_options.Does == PlannerMode.Apply)
        {
            await Act(plan, replicas, stop);
        }
        else if (plan.Replicas != replicas.Replicas)
        {
            Note($"would ask for {plan.Replicas} instead of {replicas.Replicas}: {plan.Why}");
        }
        else
        {
            _noted = "";
        }

        _said = desk.Said = _said with { Changes = _changes, Leaving = _leaving ?? "" };
    }

    private async Task Act(ReplicaPlan plan, ReplicaScaleState replicas, CancellationToken stop)
    {
        if (plan.Replicas < replicas.Replicas)
        {
            await Empty(scale.Last(replicas.Replicas), plan, replicas, stop);
            return;
        }

        if (_leaving is { } wasLeaving)
        {
            await Drain(wasLeaving, false);
            await scale.Keep(replicas.Planned, null, stop);
            _leaving = null;
            await Tell($"{wasLeaving} stays: {plan.Why}", stop);
        }

        if (plan.Replicas > replicas.Replicas)
        {
            await Set(plan, replicas, stop);
        }
    }

    /// <summary>Lets the replica that is to go end what it has, and asks for one less once it has nothing.</summary>
    private async Task Empty(string last, ReplicaPlan plan, ReplicaScaleState replicas, CancellationToken stop)
    {
        if (_leaving is { } other && other != last)
        {
            await Drain(other, false);
            _leaving = null;
        }

        if (_leaving is null)
        {
            await scale.Keep(replicas.Planned, last, stop);
            (_leaving, _leavingSince) = (last, time.GetTimestamp());
            await Tell($"empties {last}: {plan.Why}", stop);
        }

        _leavingSince = _leavingSince == 0 ? time.GetTimestamp() : _leavingSince;

        // Again at each look: a device that was lost and is back knows nothing of it.
        await Drain(last, true);
        var left = ledger.Snapshot().Where(d => d.SiloName == last).Sum(static d => d.State.Sequences);
        if (left > 0 && time.GetElapsedTime(_leavingSince).TotalSeconds < _options.DrainSeconds)
        {
            return;
        }

        await Set(plan, replicas, stop);
        _leaving = null;
    }

    private async Task Set(ReplicaPlan plan, ReplicaScaleState replicas, CancellationToken stop)
    {
        await scale.Set(plan.Replicas, replicas, stop);
        _planner.Applied(plan.Replicas);
        _changes++;
        await scale.Keep(plan.Replicas, null, stop);
        await Tell($"asks for {plan.Replicas} instead of {replicas.Replicas}: {plan.Why}", stop);
    }

    private async Task Drain(string silo, bool drained)
    {
        foreach (var device in ledger.Snapshot().Where(d => d.SiloName == silo && d.Report.OutOfService != drained))
        {
            await GrainFactory.GetGrain<IGpuGrain>(device.State.Key).Drain(drained);
        }
    }

    private async Task Tell(string what, CancellationToken stop)
    {
        Note(what);
        await scale.Tell(what, stop);
    }

    /// <summary>An event; what is as before but for its figures is none.</summary>
    private void Note(string what)
    {
        var kind = what.Split(':')[0];
        if (kind == _noted)
        {
            return;
        }

        _noted = kind;
        PlannerLog.Did(logger, what);
        _events.Enqueue(new PlannerEventSnapshot(time.GetUtcNow(), what));
        while (_events.Count > MostEvents)
        {
            _events.Dequeue();
        }
    }

    private void Failed(string why)
    {
        var isNew = _said.Fault != why;
        _said = desk.Said = _said with { Fault = why, At = time.GetUtcNow(), Planner = silo.Name, Of = scale.Name };
        if (isNew)
        {
            PlannerLog.Failed(logger, scale.Name, why);
        }
    }
}
