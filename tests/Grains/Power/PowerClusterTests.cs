using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Power;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains.Power;

/// <summary>Budgets in a live cluster, whoever dies.</summary>
public sealed class PowerClusterTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_budget_holds_under_load_and_through_a_change_the_death_of_the_governor_and_a_silo_that_comes()
    {
        await using var cluster = await PowerCluster.Start();
        await using var watch = new CapWatch(cluster) { Limit = PowerCluster.Budget };
        await FactoryCluster.Until(() => cluster.Caps() > 0.95 * PowerCluster.Budget, "caps fill the budget");
        var load = Enumerable.Range(0, 12).Select(i => (Silo: cluster.Silos[i % 3].Name, Call: PowerCluster.Call(cluster.Silos[i % 3], i))).ToArray();
        await FactoryCluster.Until(() => load.All(static c => c.Call.Count > 0), "all calls run");

        // A lower budget holds as soon as the orders have arrived.
        var power = cluster.Cluster.Client.GetGrain<IPowerGrain>(0);
        watch.Limit = double.PositiveInfinity;
        await power.SetBudgets(new PowerBudgetSettings { ClusterWatts = 2000 }, Stop);
        await FactoryCluster.Until(() => cluster.Caps() <= 2000, "the lower budget holds");
        watch.Limit = 2000;

        // The governor dies with its silo; another one comes and knows the budget.
        await FactoryCluster.Until(() => cluster.Silos.All(static s => PowerCluster.Service<PowerDesk>(s).Budgets.Version == 1), "all silos know the budget");
        var host = PowerCluster.Governor(cluster.Silos[0])!;
        await cluster.Cluster.KillSiloAsync(cluster.Silos.Single(s => s.Name == host), Stop);
        await FactoryCluster.Until(() => cluster.Silos.All(s => PowerCluster.Governor(s) is { } now && now != host), "a governor comes back elsewhere");
        Assert.All(cluster.Silos, static s => Assert.Equal(2000, PowerCluster.Service<PowerDesk>(s).Budgets.Budgets.ClusterWatts));

        // What the dead devices had goes to the others once they must have fallen back.
        await FactoryCluster.Until(() => cluster.Caps() > 1500, "the watts of the dead are given on");

        // A silo that comes is there at its lowest caps before a governor knows of it.
        watch.Limit = 2000 + (2 * cluster.Devices().First().Cap!.MinWatts);
        await cluster.Cluster.StartAdditionalSiloAsync();
        await FactoryCluster.Until(() => cluster.Devices().Count() == 6 && cluster.Devices().All(static d => d.Cap!.State.Stamp.Number > 0), "the new silo is governed");
        await FactoryCluster.Until(() => cluster.Caps() <= 2000, "the budget holds with the new silo");
        watch.Limit = 2000;
        await FactoryCluster.Until(() => cluster.Silos.All(static s => PowerCluster.Service<PowerDesk>(s).Budgets.Version == 1), "the new silo has heard of the budget");

        // The load has been there all the time, that of the dead silo's readers excepted.
        foreach (var (_, call) in load.Where(c => c.Silo != host))
        {
            await call.Leave();
        }

        await watch.DisposeAsync();
        Assert.True(watch.Looks > 100, $"Only {watch.Looks} looks.");
        Assert.Empty(watch.Violations);
    }

    [Fact]
    public async Task Calls_of_the_batch_class_wait_while_power_is_short_and_others_do_not()
    {
        await using var cluster = await PowerCluster.Start();
        var silo = cluster.Silos[0];
        var desk = PowerCluster.Service<PowerDesk>(silo);
        await FactoryCluster.Until(() => PowerCluster.Governor(silo) is not null && cluster.Caps() > 2000, "the cluster is governed");

        // Idle devices draw 75 W each: even they are above it, whatever is capped.
        await cluster.Cluster.Client.GetGrain<IPowerGrain>(0).SetBudgets(new PowerBudgetSettings { ClusterWatts = 100 }, Stop);
        await FactoryCluster.Until(() => desk.DeferBatch, "calls of the batch class are deferred");
        var service = PowerCluster.Service<IGenerationService>(silo);
        var batch = new InferenceRequest
        {
            RequestId = "batch",
            Prompt = [1, 2, 3],
            MaxTokens = 3,
            Priority = RequestPriority.Batch,
            Deadline = TimeSpan.FromSeconds(1),
        };
        var refused = await Assert.ThrowsAsync<RequestRefusedException>(() => new RunningCall(service, batch).Ended);
        Assert.Equal(RefusalReason.Deferred, refused.Reason);
        Assert.NotNull(refused.RetryAfter);
        await new RunningCall(service, batch with { RequestId = "live", Priority = RequestPriority.Interactive, Deadline = null }).Ended;

        // It goes on once power is there again.
        var waiting = new RunningCall(service, batch with { Deadline = TimeSpan.FromMinutes(5) });
        await cluster.Cluster.Client.GetGrain<IPowerGrain>(0).SetBudgets(new PowerBudgetSettings { ClusterShare = 0.9 }, Stop);
        await waiting.Ended;
        Assert.Equal(3, waiting.Count);
        var power = await cluster.Cluster.Client.GetGrain<IPowerGrain>(0).GetPower(Stop);
        Assert.Contains(power.Events, static e => e.What == "defer_batch");
    }

    /// <summary>Looks all the time whether the caps in force keep within a limit, and whether devices without an order are at their lowest.</summary>
    private sealed class CapWatch : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _loop;
        private readonly PowerCluster _cluster;
        private double _limit;

        public CapWatch(PowerCluster cluster)
        {
            _cluster = cluster;
            _loop = Task.Run(Look);
        }

        public double Limit
        {
            get => Volatile.Read(ref _limit);
            set => Volatile.Write(ref _limit, value);
        }

        public int Looks { get; private set; }

        public List<string> Violations { get; } = [];

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _loop;
        }

        private async Task Look()
        {
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    var limit = Limit;
                    var devices = _cluster.Devices().Select(static d => (d.Key, State: d.Cap!.State, d.Cap.MinWatts)).ToList();
                    var sum = devices.Sum(static d => d.State.Watts);
                    if (limit > 0 && sum > limit && limit == Limit)
                    {
                        Violations.Add($"{sum} W of {limit} W: {string.Join(", ", devices.Select(static d => $"{d.Key} {d.State.Watts}"))}");
                    }

                    Violations.AddRange(devices.Where(static d => d.State.Stamp == default && d.State.Watts > d.MinWatts).Select(static d => $"{d.Key} began with {d.State.Watts} W"));
                    Looks++;
                }
                catch (Exception e) when (e is ObjectDisposedException or InvalidOperationException)
                {
                    // A silo was killed while it was looked at.
                }

                await Task.Delay(5, CancellationToken.None);
            }
        }
    }
}
