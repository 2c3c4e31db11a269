using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kv;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Kv;

/// <summary>What each silo knows of the caches of all devices.</summary>
public sealed class KvIndexClusterTests(CachingCluster factory) : IClassFixture<CachingCluster>, IAsyncLifetime
{
    private const int PromptBlocks = 12;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await factory.Settle();

    [Fact]
    public async Task Every_silo_learns_what_a_device_has_cached()
    {
        var call = FactoryCluster.Call(1, (PromptBlocks * 16) + 5, maxTokens: 3);
        var device = await Run(factory.Silos[0], call);
        foreach (var silo in factory.Silos)
        {
            await FactoryCluster.Until(() => Overlap(silo, call, device) == PromptBlocks, $"{silo.Name} knows what {device} has");
            Assert.All(factory.Silos.Select(Device).Where(other => other != device), other => Assert.Equal(0, Overlap(silo, call, other)));
            Assert.Equal(0, Overlap(silo, call with { CacheSalt = "another tenant" }, device));
        }
    }

    [Fact]
    public async Task A_prompt_goes_to_the_device_that_has_it_whichever_silo_it_enters()
    {
        var call = FactoryCluster.Call(500, 400, maxTokens: 3);
        var device = await Run(factory.Silos[0], call);
        await Everywhere("all silos know the same");
        for (var i = 0; i < 6; i++)
        {
            // The same beginning and another end.
            var next = call with { RequestId = $"next-{i}", Prompt = [.. call.Prompt[..390], .. Enumerable.Repeat(1 + i, 5)] };
            Assert.Equal(device, await Run(factory.Silos[i % 3], next));
            await factory.Settle();
        }
    }

    [Fact]
    public async Task The_next_turn_of_a_conversation_goes_to_its_device_whichever_silo_it_enters_and_finds_its_answer_cached_too()
    {
        var call = FactoryCluster.Call(700, 200, maxTokens: 60);
        var device = await Run(factory.Silos[0], call);
        var next = call with { RequestId = "next-turn", Prompt = [.. call.Prompt, .. FactoryCluster.Expected(call), 1, 2, 3], MaxTokens = 5 };
        var blocks = (200 + 60 - 1) / 16;
        await FactoryCluster.Until(() => factory.Silos.All(s => Overlap(s, next, device) == blocks), "all silos know of prompt and answer");
        Assert.Equal(device, await Run(factory.Silos[1], next));
    }

    [Fact]
    public async Task A_prompt_that_was_just_placed_counts_as_cached_before_the_first_event()
    {
        // Of a device that it has not heard of yet, a silo expects nothing.
        await Everywhere("all silos have heard of all devices");
        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Hold();
        }

        var call = FactoryCluster.Call(600, (PromptBlocks * 16) + 5, maxTokens: 3);
        var front = factory.Silos[1];
        var running = new RunningCall(FactoryCluster.Service<IGenerationService>(front), call);
        await FactoryCluster.Until(() => factory.Silos.Any(static s => FactoryCluster.Service<DeviceRegistry>(s).Live > 0), "the call is placed");
        var device = Device(factory.Silos.Single(static s => FactoryCluster.Service<DeviceRegistry>(s).Live > 0));
        Assert.Equal(PromptBlocks, Overlap(front, call, device));

        // The silo of the device knows as well; of the others nobody has told yet.
        Assert.All(factory.Silos.Where(silo => silo != front && Device(silo) != device), silo => Assert.Equal(0, Overlap(silo, call, device)));
        Assert.All(factory.Silos.Select(Device).Where(other => other != device), other => Assert.Equal(0, Overlap(front, call, other)));
        await running.Leave();
    }

    [Fact]
    public async Task A_silo_that_nothing_can_be_sent_to_keeps_no_events_from_the_others()
    {
        var owner = factory.Silos[0];
        var way = (LossyTelemetry)FactoryCluster.Service<ITelemetryClient>(owner);
        var drained = factory.Silos.Skip(1).Select(s => factory.Grains.GetGrain<IGpuGrain>(Device(s))).ToArray();
        await Task.WhenAll(drained.Select(static g => g.Drain(true)));
        try
        {
            var ledger = FactoryCluster.Service<PlacementLedger>(owner);
            await FactoryCluster.Until(() => ledger.Snapshot().Count(static d => d.State.Draining) == 2, "all calls go to one device");
            for (var i = 1; i < 3; i++)
            {
                way.Broken = factory.Silos[i].SiloAddress;
                var failed = way.Failed;
                await FactoryCluster.Until(() => way.Failed > failed + 1, "sending there fails again and again");
                var call = FactoryCluster.Call(800 + i, (PromptBlocks * 16) + 5, maxTokens: 3);
                Assert.Equal(Device(owner), await Run(owner, call));
                var other = factory.Silos[3 - i];
                await FactoryCluster.Until(() => Overlap(other, call, Device(owner)) == PromptBlocks, $"{other.Name} hears of {Device(owner)}");
            }
        }
        finally
        {
            way.Broken = null;
            await Task.WhenAll(drained.Select(static g => g.Drain(false)));
        }

        await Everywhere("all silos know the same again");
    }

    [Fact]
    public async Task Lost_events_are_noticed_with_the_next_and_made_up_for_by_a_dump()
    {
        await RunOnAll(50);
        await Everywhere("all silos know the same before");
        var before = factory.Silos.Select(static s => Feed(s).State()).ToArray();
        await Lose(100);

        // The signs of life would tell that the last events are missing; they are lost as well.
        Array.ForEach(Ways(), static w => w.LosesEvents = false);
        await RunOnAll(200);
        await Everywhere("all silos know the same again");
        Array.ForEach(Ways(), static w => w.LosesSilence = false);
        Assert.All(factory.Silos.Zip(before), static s => Assert.True(Feed(s.First).State().Gaps > s.Second.Gaps));
        Assert.All(factory.Silos.Zip(before), static s => Assert.True(Feed(s.First).State().Repairs > s.Second.Repairs));
    }

    [Fact]
    public async Task Lost_events_are_sent_again_when_none_come_after_them()
    {
        await Everywhere("all silos know the same before");
        await Lose(400);
        Array.ForEach(Ways(), static w => w.LosesEvents = w.LosesSilence = false);
        await Everywhere("all silos know the same again");
    }

    [Fact]
    public async Task The_devices_of_a_killed_silo_are_forgotten()
    {
        var call = FactoryCluster.Call(3, (PromptBlocks * 16) + 5, maxTokens: 3);
        await RunOnAll(300);
        await Everywhere("all silos know the same");
        var victim = factory.Silos[2];
        Assert.True(Feed(factory.Silos[0]).BlocksOf(Device(victim)) > 0);
        await factory.Cluster.KillSiloAsync(victim, TestContext.Current.CancellationToken);
        foreach (var silo in factory.Silos)
        {
            await FactoryCluster.Until(() => Feed(silo).BlocksOf(Device(victim)) == -1, $"{silo.Name} has forgotten {Device(victim)}");
            Assert.Equal(0, Overlap(silo, call, Device(victim)));
            Assert.Equal(2, Feed(silo).State().Devices);
        }
    }

    private LossyTelemetry[] Ways() => [.. factory.Silos.Select(static s => (LossyTelemetry)FactoryCluster.Service<ITelemetryClient>(s))];

    /// <summary>Runs calls on all devices whose events reach no other silo.</summary>
    private async Task Lose(int seed)
    {
        var ways = Ways();
        var lost = ways.Select(static w => w.Lost).ToArray();
        Array.ForEach(ways, static w => w.LosesEvents = w.LosesSilence = true);
        await RunOnAll(seed);
        await FactoryCluster.Until(() => ways.Zip(lost).All(static w => w.First.Lost > w.Second), "each silo has lost events of its device");
    }

    private static KvIndexFeed Feed(InProcessSiloHandle silo) => FactoryCluster.Service<KvIndexFeed>(silo);

    private static string Device(InProcessSiloHandle silo) => $"{silo.Name}/history";

    /// <summary>Leading blocks of the call's prompt that <paramref name="device"/> has, as <paramref name="silo"/> knows.</summary>
    private static int Overlap(InProcessSiloHandle silo, InferenceRequest call, string device)
    {
        var view = new FactoryView();
        foreach (var known in FactoryCluster.Service<PlacementLedger>(silo).Snapshot())
        {
            view.Add(known.State);
        }

        new PrefixOverlap(Feed(silo)).Fill(PromptPrefix.Of(Feed(silo).Roots, call.Prompt, call.CacheSalt), view);
        return view.IndexOf(device) is var at and >= 0 ? view.CachedBlocks(at) : 0;
    }

    private static async Task<string> Run(InProcessSiloHandle front, InferenceRequest call)
    {
        var running = new RunningCall(FactoryCluster.Service<IGenerationService>(front), call);
        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return running.Usage!.Device;
    }

    /// <summary>Runs a burst of calls, so that every device has some.</summary>
    private async Task RunOnAll(int seed)
    {
        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Hold();
        }

        var service = FactoryCluster.Service<IGenerationService>(factory.Silos[0]);
        var running = Enumerable.Range(seed, 9).Select(i => new RunningCall(service, FactoryCluster.Call(i, 40 + (i % 50), maxTokens: 3))).ToArray();
        await FactoryCluster.Until(() => factory.Silos.All(static s => FactoryCluster.Service<DeviceRegistry>(s).Live > 0), "every device has a call");
        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Free();
        }

        await Task.WhenAll(running.Select(static r => r.Ended)).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    /// <summary>Waits until every silo knows of each device as many blocks as the device's grain says that it has.</summary>
    private async Task Everywhere(string what)
    {
        foreach (var owner in factory.Silos)
        {
            var dump = await factory.Engine(owner).DumpKvAsync(TestContext.Current.CancellationToken);
            foreach (var silo in factory.Silos)
            {
                await FactoryCluster.Until(() => Feed(silo).BlocksOf(Device(owner)) == dump.Hashes.Length, $"{what}: {silo.Name} of {Device(owner)}");
            }
        }
    }
}
