using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Planning;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Crescent.Tests.Grains.Planning;

/// <summary>A planner in a cluster of three silos, whose replicas are a script's. Each test has a cluster of its own, for a planner remembers.</summary>
public sealed class PlannerGrainTests : IAsyncDisposable
{
    private readonly PlannedFactory _factory = new();

    private ScriptedScale Scale => _factory.Scale;

    public ValueTask DisposeAsync() => _factory.DisposeAsync();

    [Fact]
    public async Task A_replica_is_emptied_before_it_goes_and_what_it_has_is_ended_or_goes_on()
    {
        await _factory.InitializeAsync();
        var last = _factory.Silos[2];
        _factory.Engine(last).Hold();
        var key = $"{last.Name}/history";
        var call = await Placed(key);
        Begin();
        await FactoryCluster.Until(() => Scale.State.Leaving == last.Name, $"the planner empties {last.Name}");
        await FactoryCluster.Until(() => Sighting(key).State.Draining, "the device takes no new work");

        // Its call has moved to another device, or ends here; until then nothing is set.
        _factory.Engine(last).Free();
        await call.Ended;
        Assert.Equal(FactoryCluster.Expected(call.Call), call.Tokens);
        await FactoryCluster.Until(() => Scale.State.Replicas < 3, "there is one replica less");
        Assert.Equal(2, Scale.Sizes[0]);
        Assert.Equal(2, Scale.State.Planned ?? 2);
        Assert.Contains(Scale.Told, told => told.StartsWith($"empties {last.Name}:", StringComparison.Ordinal));
        Assert.Contains(Scale.Told, static told => told.StartsWith("asks for 2 instead of 3:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_replica_that_a_planner_before_was_emptying_is_put_back_where_nothing_is_to_go()
    {
        _factory.Fewest = 3;
        await _factory.InitializeAsync();
        var silo = _factory.Silos[2].Name;
        await _factory.Grains.GetGrain<IGpuGrain>($"{silo}/history").Drain(true);
        Scale.State = Scale.State with { Planned = 3, Leaving = silo };
        Begin();
        await FactoryCluster.Until(() => Scale.State.Leaving is null, "the note is gone");
        await FactoryCluster.Until(() => !_factory.Sighted.Any(static d => d.Report.OutOfService), "no device is out of service");
        Assert.Empty(Scale.Sizes);
    }

    [Fact]
    public async Task What_cannot_be_read_is_told_and_changes_nothing()
    {
        Scale.Fault = "nobody answers";
        await _factory.InitializeAsync();
        Begin();
        PlannerSnapshot plan = null!;
        await FactoryCluster.UntilAsync(async () => (plan = await _factory.Grains.GetGrain<IPlannerGrain>(0).GetPlan()).Fault.Length > 0, "the planner tells");
        Assert.Equal(("nobody answers", "apply"), (plan.Fault, plan.Mode));
        Scale.Fault = null;
        await FactoryCluster.UntilAsync(async () => (await _factory.Grains.GetGrain<IPlannerGrain>(0).GetPlan()).Fault.Length == 0, "it reads again");
    }

    [Fact]
    public async Task In_a_dry_run_it_tells_what_it_would_do_and_does_nothing()
    {
        _factory.Mode = "dry-run";
        await _factory.InitializeAsync();
        Begin();
        PlannerSnapshot plan = null!;
        await FactoryCluster.UntilAsync(async () => (plan = await _factory.Grains.GetGrain<IPlannerGrain>(0).GetPlan()).Planned == 2, "it would ask for one replica less");
        Assert.Contains(plan.Events, static e => e.What.StartsWith("would ask for 2 instead of 3:", StringComparison.Ordinal));
        Assert.Equal((3, null), (Scale.State.Replicas, Scale.State.Leaving));
        Assert.Empty(Scale.Sizes);
        Assert.DoesNotContain(_factory.Sighted, static d => d.State.Draining);
        Assert.Contains(_factory.Silos, silo => FactoryCluster.Service<PlannerDesk>(silo).Said is not null);
    }

    private void Begin() => Scale.Silos = [.. _factory.Silos.Select(static silo => silo.Name)];

    private async Task<RunningCall> Placed(string device)
    {
        // The policy asks the device with the shortest queue: others are given some first.
        foreach (var silo in _factory.Silos.Where(s => s.Name != DeviceKey.Parse(device).Silo))
        {
            await _factory.Grains.GetGrain<IGpuGrain>($"{silo.Name}/history").Drain(true);
        }

        await FactoryCluster.Until(() => _factory.Sighted.Count(static d => d.State.Draining) == 2, "two devices are drained");
        var call = new RunningCall(FactoryCluster.Service<Crescent.Grains.Streams.IGenerationService>(_factory.Silos[0]), FactoryCluster.Call(1));
        await FactoryCluster.Until(() => Sighting(device).State.Sequences > 0, "the device has a call");
        foreach (var silo in _factory.Silos.Where(s => s.Name != DeviceKey.Parse(device).Silo))
        {
            await _factory.Grains.GetGrain<IGpuGrain>($"{silo.Name}/history").Drain(false);
        }

        return call;
    }

    private DeviceSighting Sighting(string device) => _factory.Sighted.Single(d => d.State.Key == device);

    /// <summary>The cluster, whose planner looks often and forgets soon.</summary>
    private sealed class PlannedFactory : FactoryCluster
    {
        public ScriptedScale Scale { get; } = new();

        public string Mode { get; set; } = "apply";

        public int Fewest { get; set; } = 1;

        public IReadOnlyList<DeviceSighting> Sighted => Service<PlacementLedger>(Silos[0]).Snapshot();

        protected override ISiloBuilder Add(ISiloBuilder silo)
        {
            silo.Services.AddSingleton<IReplicaScale>(Scale);
            silo.Services.AddSingleton(Options.Create(new PlannerOptions
            {
                Mode = Mode,
                Set = "scripted",
                Fewest = Fewest,
                Most = 3,
                StartSeconds = 1,
                QuietSeconds = 2,
                LookSeconds = 0.1,
                DrainSeconds = 3600,
            }));
            return silo;
        }
    }
}
