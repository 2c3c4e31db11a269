using System.Text;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Serving;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Tokens;
using Crescent.Tests.Engine.Scheduling;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains;

/// <summary>The actors together: one cluster for all tests, each of which leaves it with three idle devices.</summary>
public sealed class FactoryClusterTests(FactoryCluster factory) : IClassFixture<FactoryCluster>, IAsyncLifetime
{
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await factory.Settle();

    [Fact]
    public async Task A_call_gives_its_tokens_whichever_silo_it_enters()
    {
        for (var i = 0; i < 3; i++)
        {
            var call = FactoryCluster.Call(i);
            var running = Start(factory.Silos[i], call);
            await running.Ended;
            AssertComplete(running);
            Assert.Equal(call.Prompt.Length, running.Usage!.PromptTokens);
            Assert.Equal(call.MaxTokens, running.Usage.CompletionTokens);
            Assert.True(running.Usage.Joules > 0);
            Assert.Contains(factory.Silos, s => running.Usage.Device == $"{s.Name}/history");
        }
    }

    [Fact]
    public async Task Many_calls_at_once_get_their_own_tokens_and_leave_nothing_behind()
    {
        var running = Enumerable.Range(0, 24).Select(i => Start(factory.Silos[i % 3], FactoryCluster.Call(i, 5 + i, 10 + i))).ToArray();
        await Task.WhenAll(running.Select(static r => r.Ended));
        Assert.All(running, AssertComplete);
        Assert.Equal(3, running.Select(static r => r.Usage!.Device).Distinct().Count());
        await factory.Settle();
    }

    [Fact]
    public async Task Placement_goes_to_the_idle_device()
    {
        HoldAll();
        var front = factory.Silos[0];
        var first = await Placed(front, 1);
        var second = await Placed(front, 2);
        Assert.NotEqual(first.Device, second.Device);

        // Another front end knows of them by gossip alone.
        var other = factory.Silos[1];
        await FactoryCluster.Until(() => Loads(other).Count(static l => l == 1) == 2, "the gossip tells of both calls");
        var third = await Placed(other, 3);
        Assert.Equal(3, new[] { first.Device, second.Device, third.Device }.Distinct().Count());
        await LeaveAll(first.Running, second.Running, third.Running);
    }

    [Fact]
    public async Task A_burst_spreads_over_devices_that_all_look_idle()
    {
        HoldAll();
        var running = Enumerable.Range(0, 12).Select(i => Start(factory.Silos[0], FactoryCluster.Call(i))).ToArray();
        await FactoryCluster.Until(() => Live() == 12, "all calls are placed");
        Assert.All(factory.Silos, s => Assert.Equal(4, FactoryCluster.Service<DeviceRegistry>(s).Live));
        await LeaveAll(running);
    }

    [Fact]
    public async Task A_cancelled_stream_frees_its_blocks_within_one_step()
    {
        HoldAll();
        var (running, device) = await Placed(factory.Silos[0], 1, maxTokens: 200);
        var engine = factory.EngineOf(device);
        var steps = engine.State.Steps;
        var id = engine.Submitted.Last().Id;
        engine.Allow(5);
        await FactoryCluster.Until(() => running.Count >= 3, "tokens come");
        await FactoryCluster.Until(() => engine.State.Steps == steps + 5, "the engine is held");
        Assert.True(engine.State.FreeBlocks < TestEngine.Blocks);
        await running.Leave();
        await FactoryCluster.Until(() => engine.Cancelled.Contains(id), "the engine is told");
        engine.Allow(1);
        await FactoryCluster.Until(() => engine.State.FreeBlocks == TestEngine.Blocks, "the blocks are free");
        Assert.True(engine.State.Steps <= steps + 6);
        Assert.Equal(0, FactoryCluster.Service<PlacementLedger>(factory.Silos[0]).ReservationCount);
    }

    [Fact]
    public async Task A_stream_goes_on_unbroken_when_the_silo_of_its_device_is_killed()
    {
        var (front, running, device) = await RemoteCall(maxTokens: 60);
        var engine = factory.EngineOf(device);
        engine.Allow(20);
        await FactoryCluster.Until(() => running.Count >= 10, "tokens come");
        foreach (var silo in factory.Silos.Where(s => s.Name != DeviceKey.Parse(device).Silo))
        {
            factory.Engine(silo).Free();
        }

        await factory.Cluster.KillSiloAsync(factory.SiloOf(device), TestContext.Current.CancellationToken);
        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        AssertComplete(running);
        Assert.NotEqual(device, running.Usage!.Device);

        // Both decisions are remembered; tries that met the dead silo may stand between them.
        var decisions = FactoryCluster.Service<PlacementLedger>(front).Decisions(running.Call.RequestId);
        var (first, last) = (decisions.Last(d => d.Taken == device), decisions[^1]);
        Assert.Equal(running.Usage.Device, last.Taken);
        Assert.True(last.Attempt > first.Attempt && last.PromptTokens >= first.PromptTokens + 10);

        // What died with the silo is an estimate and says so.
        Assert.Equal(2, running.Usage.Attempts);
        Assert.InRange(running.Usage.EstimatedJoules, running.Usage.Joules * 10 / 60, running.Usage.Joules * 0.99);
        Assert.Contains(
            factory.Silos.SelectMany(s => factory.Engine(s).Submitted), r => r.ResumedTokens >= 10 && r.Prompt.AsSpan().StartsWith(running.Call.Prompt));
        Assert.Equal(0, FactoryCluster.Service<PlacementLedger>(front).ReservationCount);
    }

    [Fact]
    public async Task An_embedding_is_made_again_when_the_silo_of_its_device_is_killed()
    {
        HoldAll();
        var front = factory.Silos[0];
        var running = factory.Silos.Select((_, i) => Start(front, Embed(i))).ToArray();
        await FactoryCluster.Until(() => Live() == 3, "each device has one");
        var lost = factory.Silos[1];
        foreach (var silo in factory.Silos.Where(s => s != lost))
        {
            factory.Engine(silo).Free();
        }

        await factory.Cluster.KillSiloAsync(lost, TestContext.Current.CancellationToken);
        await Task.WhenAll(running.Select(static r => r.Ended)).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.All(running, static r =>
        {
            Assert.Equal("stop", r.FinishReason);
            Assert.Empty(r.Tokens);
            Assert.Equal(HistoryDevice.Embedding(r.Call.Prompt), r.Embedding!);
            Assert.Equal(r.Call.Prompt.Length, r.Usage!.PromptTokens);
        });
        Assert.Equal(0, FactoryCluster.Service<PlacementLedger>(front).ReservationCount);

        static InferenceRequest Embed(int seed) => FactoryCluster.Call(seed, promptLength: 40 + seed, maxTokens: 0) with { WantsEmbedding = true };
    }

    [Fact]
    public async Task A_silo_that_stops_lets_its_streams_end_first()
    {
        var (front, running, device) = await RemoteCall(maxTokens: 100);
        var engine = factory.EngineOf(device);
        engine.Allow(5);
        await FactoryCluster.Until(() => running.Count >= 3, "tokens come");
        var stopping = factory.Cluster.StopSiloAsync(factory.SiloOf(device), TestContext.Current.CancellationToken);
        await FactoryCluster.Until(
            () => FactoryCluster.Service<PlacementLedger>(front).Snapshot().Single(d => d.State.Key == device).State.Draining,
            "the others hear that the silo drains");
        Assert.NotEqual(device, (await Placed(front, 77)).Device);
        engine.Free();
        factory.Engine(front).Free();
        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await stopping;
        AssertComplete(running);
        Assert.Equal(device, running.Usage!.Device);
    }

    [Fact]
    public async Task A_pinned_grain_returns_to_its_silo_after_a_restart()
    {
        var before = factory.Silos[2];
        var device = $"{before.Name}/history";
        var grain = factory.Grains.GetGrain<IGpuGrain>(device);
        Assert.Equal("history", (await grain.GetState()).Device);
        Assert.Equal(before.SiloAddress, await Where(grain));
        await factory.Cluster.RestartSiloAsync(before);
        var after = factory.Silos.Single(s => s.Name == before.Name);
        Assert.NotEqual(before.SiloAddress, after.SiloAddress);
        await factory.Settle();
        Assert.Equal("history", (await grain.GetState()).Device);
        Assert.Equal(after.SiloAddress, await Where(grain));
    }

    [Fact]
    public async Task A_device_grain_refuses_to_wake_for_a_device_that_its_silo_does_not_own()
    {
        var grain = factory.Grains.GetGrain<IGpuGrain>($"{factory.Silos[0].Name}/none");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => grain.GetState());
        Assert.Contains("does not own", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gossip_reaches_all_silos_and_goes_on()
    {
        var last = factory.Silos.ToDictionary(static s => s, static s => Sequences(s));
        foreach (var (silo, before) in last)
        {
            await FactoryCluster.Until(
                () => Sequences(silo) is var now && now.Count == 3 && now.All(n => before.TryGetValue(n.Key, out var old) && n.Value > old),
                $"{silo.Name} hears again of every device");
        }
    }

    [Fact]
    public async Task Overload_is_a_typed_refusal_that_says_when_to_come_back()
    {
        HoldAll();
        var running = Enumerable.Range(0, 3 * FactoryCluster.MaxQueued).Select(i => Start(factory.Silos[0], FactoryCluster.Call(i, 20, 5))).ToArray();
        await FactoryCluster.Until(() => Live() == running.Length, "all calls are placed");
        var refused = await Refused(factory.Silos[0], FactoryCluster.Call(99));
        Assert.Equal(RefusalReason.Overloaded, refused.Reason);
        Assert.True(refused.RetryAfter >= TimeSpan.FromSeconds(1));
        await LeaveAll(running);
    }

    [Fact]
    public async Task A_call_asks_each_device_that_refuses_it_only_once()
    {
        var asked = new int[2];
        for (var i = 0; i < asked.Length; i++)
        {
            var bad = i;
            factory.Engine(factory.Silos[i]).BeforeSubmit = () =>
            {
                Interlocked.Increment(ref asked[bad]);
                throw new RequestRefusedException(RefusalReason.Overloaded, "It takes nothing.", TimeSpan.FromSeconds(1));
            };
        }

        try
        {
            for (var i = 0; i < 4; i++)
            {
                var running = Start(factory.Silos[2], FactoryCluster.Call(i));
                await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
                AssertComplete(running);
                Assert.Equal(new DeviceKey(factory.Silos[2].Name, "history").ToString(), running.Usage!.Device);
                Assert.All(asked, times => Assert.InRange(times, 0, i + 1));
            }

            Assert.Contains(asked, static times => times > 0);
        }
        finally
        {
            Array.ForEach([.. factory.Silos], s => factory.Engine(s).BeforeSubmit = null);
        }
    }

    [Fact]
    public async Task A_device_that_does_not_answer_is_a_try_that_failed()
    {
        using var hang = new ManualResetEventSlim();
        var asked = 0;
        foreach (var silo in factory.Silos)
        {
            // The first that is asked never answers, whichever it is.
            factory.Engine(silo).BeforeSubmit = () =>
            {
                if (Interlocked.Increment(ref asked) == 1)
                {
                    hang.Wait(TimeSpan.FromSeconds(60));
                }
            };
        }

        try
        {
            var running = Start(factory.Silos[0], FactoryCluster.Call(3));
            await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            AssertComplete(running);
            Assert.True(asked >= 2, $"{asked} devices were asked");
            Assert.False(hang.IsSet);
        }
        finally
        {
            hang.Set();
            Array.ForEach([.. factory.Silos], s => factory.Engine(s).BeforeSubmit = null);
        }
    }

    [Fact]
    public async Task A_deadline_bounds_a_call_whose_device_says_nothing()
    {
        HoldAll();
        var running = Start(factory.Silos[0], FactoryCluster.Call(5) with { Deadline = TimeSpan.FromSeconds(1) });
        await Assert.ThrowsAsync<DeadlineExceededException>(() => running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        await FactoryCluster.Until(() => factory.Silos.Any(s => !factory.Engine(s).Cancelled.IsEmpty), "its device is told");
    }

    [Fact]
    public async Task A_call_that_no_device_can_ever_hold_is_refused_as_too_long()
    {
        var refused = await Refused(factory.Silos[0], FactoryCluster.Call(1, 20, TestEngine.MaxContext));
        Assert.Equal(RefusalReason.TooLong, refused.Reason);
        Assert.Contains($"{TestEngine.MaxContext} positions", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stream_on_a_device_that_is_drained_goes_on_unbroken_on_another()
    {
        var (front, running, device) = await RemoteCall(maxTokens: 60);
        factory.EngineOf(device).Allow(20);
        await FactoryCluster.Until(() => running.Count >= 10, "tokens come");
        var grain = factory.Grains.GetGrain<IGpuGrain>(device);
        await grain.Drain(true);
        try
        {
            foreach (var silo in factory.Silos.Where(s => s.Name != DeviceKey.Parse(device).Silo))
            {
                factory.Engine(silo).Free();
            }

            await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            AssertComplete(running);
            Assert.NotEqual(device, running.Usage!.Device);
            var moved = FactoryCluster.Service<PlacementLedger>(front).Decisions(running.Call.RequestId)[^1];
            Assert.Equal($"{device} is drained by an operator", moved.Cause);
        }
        finally
        {
            await grain.Drain(false);
        }

        await factory.Settle();
    }

    [Fact]
    public async Task A_stream_that_moves_more_often_than_it_may_be_lost_ends_whole_and_counts_as_moved()
    {
        const int Moves = GenerationOptions.DefaultMaxAttempts + 2;
        var (front, running, _) = await RemoteCall(maxTokens: 150);
        using var counts = new StreamCounts(front);
        var stream = FactoryCluster.Service<TokenRouter>(front).Streams.Single();
        for (var move = 1; move <= Moves; move++)
        {
            var from = stream.Device!;
            var grain = factory.Grains.GetGrain<IGpuGrain>(from);
            await grain.Drain(true);
            try
            {
                var to = from;
                await FactoryCluster.Until(() => (to = stream.Device ?? from) != from, $"the stream leaves {from}");
                Assert.Equal(move, stream.Moves);
                var before = running.Count;
                factory.EngineOf(to).Allow(20);
                await FactoryCluster.Until(() => running.Count > before, "tokens come");
            }
            finally
            {
                await grain.Drain(false);
            }

            await SeesDrained(front, 0);
        }

        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Free();
        }

        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        AssertComplete(running);
        Assert.Equal(Moves + 1, running.Usage!.Attempts);
        Assert.Equal((Moves, 0), (counts.Moved, counts.Resumed));
        Assert.True(FactoryCluster.Service<IStreamCounts>(front).Moved >= Moves);
    }

    [Fact]
    public async Task A_call_fails_once_it_has_lost_its_device_as_often_as_it_may_and_moves_do_not_count()
    {
        var (front, running, _) = await RemoteCall(maxTokens: 60);
        using var counts = new StreamCounts(front);
        var stream = FactoryCluster.Service<TokenRouter>(front).Streams.Single();
        for (var i = 0; i < 2; i++)
        {
            var ticket = stream.Ticket;
            Assert.True(stream.Move(ticket, "a test moves it"));
            await FactoryCluster.Until(() => stream.Ticket != ticket && stream.Device is not null, "it is placed again");
        }

        for (var losses = 1; losses < GenerationOptions.DefaultMaxAttempts; losses++)
        {
            var ticket = stream.Ticket;
            stream.LoseAttempt(ticket, "a test loses it");
            await FactoryCluster.Until(() => stream.Ticket != ticket && stream.Device is not null, "it is placed again");
        }

        stream.LoseAttempt(stream.Ticket, "a test loses it for good");
        var failure = await Assert.ThrowsAsync<GenerationFailedException>(() => running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        Assert.Contains("lost its device 4 times, the last time because: a test loses it for good", failure.Message, StringComparison.Ordinal);
        Assert.Equal((2, 3), (counts.Moved, counts.Resumed));
    }

    [Fact]
    public async Task A_stream_stays_on_a_drained_device_to_its_end_when_no_other_may_take_it_and_new_calls_are_refused()
    {
        var (front, running, device) = await RemoteCall(maxTokens: 60);
        var router = FactoryCluster.Service<TokenRouter>(front);
        var stream = router.Streams.Single();
        var grains = factory.Silos.Select(s => factory.Grains.GetGrain<IGpuGrain>($"{s.Name}/history")).ToArray();
        try
        {
            // Its own last: it would move to another before that is drained.
            await Task.WhenAll(grains.Where(g => g.GetPrimaryKeyString() != device).Select(static g => g.Drain(true)));
            await SeesDrained(front, 2);
            await factory.Grains.GetGrain<IGpuGrain>(device).Drain(true);
            await SeesDrained(front, 3);
            FactoryCluster.Service<StreamMoves>(front).Look();
            Assert.Equal(RefusalReason.Stopping, (await Refused(front, FactoryCluster.Call(78))).Reason);

            // Also by the device itself, for those who have not heard of the drain yet.
            var reply = await factory.Grains.GetGrain<IGpuGrain>(device).Submit(new Submission
            {
                Request = new InferenceRequest { Id = 1 << 8 | 1, RequestId = "late", Prompt = [1, 2, 3], MaxTokens = 1 },
                Front = front.SiloAddress,
                Observer = await router.GetReference(),
            });
            Assert.Equal((RefusalReason.Stopping, $"{device} is drained by an operator."), (reply.Refusal!.Reason, reply.Refusal.Message));
            factory.EngineOf(device).Free();
            await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }
        finally
        {
            await Task.WhenAll(grains.Select(static g => g.Drain(false)));
        }

        AssertComplete(running);
        Assert.Equal((0, device), (stream.Moves, running.Usage!.Device));
        await SeesDrained(front, 0);
    }

    [Fact]
    public async Task A_call_that_waits_moves_to_a_device_that_has_become_idle()
    {
        HoldAll();
        var running = Enumerable.Range(0, 12).Select(i => Start(factory.Silos[0], FactoryCluster.Call(i))).ToArray();
        await FactoryCluster.Until(() => Live() == 12, "all calls are placed");
        factory.Engine(factory.Silos[1]).Free();

        // Four were placed there; the fifth has moved.
        await FactoryCluster.Until(() => running.Count(static r => r.Ended.IsCompleted) > 4, "more calls are answered than the free device had");
        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Free();
        }

        await Task.WhenAll(running.Select(static r => r.Ended)).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.All(running, AssertComplete);
        await factory.Settle();
    }

    [Fact]
    public async Task A_device_that_has_lost_a_sequence_is_found_out_and_the_stream_goes_on()
    {
        var (front, running, device) = await RemoteCall(maxTokens: 40);
        var engine = factory.EngineOf(device);
        engine.Allow(10);
        await FactoryCluster.Until(() => running.Count >= 5, "tokens come");

        // The link breaks as it does when the front end answers too late: the device cancels, and nobody tells the front end.
        var registry = FactoryCluster.Service<DeviceRegistry>(factory.SiloOf(device));
        registry.KeepLinks(silo => !silo.Equals(front.SiloAddress));
        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Free();
        }

        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        AssertComplete(running);
    }

    [Fact]
    public async Task The_decision_about_a_call_is_told_whichever_silo_is_asked()
    {
        var running = Start(factory.Silos[1], FactoryCluster.Call(11) with { RequestId = "explained" });
        await running.Ended;
        foreach (var silo in factory.Silos)
        {
            var grains = FactoryCluster.Service<IGrainFactory>(silo);
            var answer = await grains.GetGrain<IFactoryGrain>(0).GetDecisions("explained", TestContext.Current.CancellationToken);
            var decision = Assert.Single(answer.Decisions);
            Assert.Equal((factory.Silos[1].Name, running.Usage!.Device), (decision.Silo, decision.Taken));
            Assert.Equal(3, decision.Candidates.Count);
            Assert.Empty(answer.Silent);
        }
    }

    [Fact]
    public async Task A_client_reads_the_factory()
    {
        var snapshot = await factory.Grains.GetGrain<IFactoryGrain>(0).GetSnapshot(TestContext.Current.CancellationToken);
        Assert.Equal(factory.Silos.Select(static s => s.Name).Order(), snapshot.Silos.Where(static s => s.Status == "Active").Select(static s => s.Name));
        Assert.Equal(factory.Silos.Select(static s => s.Name).Order(), snapshot.Devices.Select(static d => d.Silo));
        Assert.All(snapshot.Devices, static d => Assert.Equal(TestEngine.Blocks, d.TotalBlocks));
        Assert.All(snapshot.Silos, static s => Assert.Equal("all", s.Role));
        Assert.Equal("least-queue", snapshot.Policy);
        Assert.Equal("test-model", snapshot.Model);
    }

    private static RunningCall Start(InProcessSiloHandle front, InferenceRequest call) => new(FactoryCluster.Service<IGenerationService>(front), call);

    private static void AssertComplete(RunningCall running)
    {
        var expected = FactoryCluster.Expected(running.Call);
        Assert.Equal(expected, running.Tokens);
        Assert.Equal(Encoding.ASCII.GetString([.. expected.Select(static t => (byte)t)]), running.Text);
        Assert.Equal("length", running.FinishReason);
    }

    private static async Task<RequestRefusedException> Refused(InProcessSiloHandle front, InferenceRequest call)
    {
        var running = Start(front, call);
        return await Assert.ThrowsAsync<RequestRefusedException>(() => running.Ended);
    }

    private static async Task LeaveAll(params RunningCall[] running)
    {
        foreach (var call in running)
        {
            await call.Leave();
        }
    }

    private static Dictionary<string, long> Sequences(InProcessSiloHandle silo) =>
        FactoryCluster.Service<PlacementLedger>(silo).Snapshot().ToDictionary(static d => d.State.Key, static d => d.State.Sequence);

    private static IEnumerable<int> Loads(InProcessSiloHandle silo) =>
        FactoryCluster.Service<PlacementLedger>(silo).Snapshot().Select(static d => d.State.Sequences);

    /// <summary>Waits until the gossip has told a front end of so many drained devices.</summary>
    private static Task SeesDrained(InProcessSiloHandle front, int count) => FactoryCluster.Until(
        () => FactoryCluster.Service<PlacementLedger>(front).Snapshot().Count(static d => d.State.Draining) == count, $"{front.Name} sees {count} drained devices");

    private void HoldAll()
    {
        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Hold();
        }
    }

    private int Live() => factory.Silos.Sum(static s => FactoryCluster.Service<DeviceRegistry>(s).Live);

    /// <summary>Starts a call and waits until a device has it. The engines are held.</summary>
    private static async Task<(RunningCall Running, string Device)> Placed(InProcessSiloHandle front, int seed, int maxTokens = 30)
    {
        var router = FactoryCluster.Service<TokenRouter>(front);
        var before = router.Streams.ToHashSet();
        var running = Start(front, FactoryCluster.Call(seed, maxTokens: maxTokens));
        string? device = null;
        await FactoryCluster.Until(
            () => running.Ended.IsFaulted || (device = router.Streams.FirstOrDefault(s => !before.Contains(s))?.Device) is not null, "the call is placed");
        Assert.False(running.Ended.IsFaulted, running.Ended.Exception?.ToString());
        return (running, device!);
    }

    /// <summary>A held call whose device is in another silo than its front end.</summary>
    private async Task<(InProcessSiloHandle Front, RunningCall Running, string Device)> RemoteCall(int maxTokens)
    {
        HoldAll();
        var front = factory.Silos[0];
        var others = new List<RunningCall>();
        while (true)
        {
            var (running, device) = await Placed(front, others.Count, maxTokens);
            if (DeviceKey.Parse(device).Silo != front.Name)
            {
                await LeaveAll([.. others]);
                return (front, running, device);
            }

            others.Add(running);
        }
    }

    private async Task<SiloAddress?> Where(IGpuGrain grain) =>
        await factory.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);
}
