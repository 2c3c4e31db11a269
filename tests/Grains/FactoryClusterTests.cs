using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Grains;

/// <summary>Calls, silos and devices come and go.</summary>
public sealed class FactoryClusterTests(FactoryCluster factory) : FactoryClusterTest(factory)
{
    [Fact]
    public async Task A_call_gives_its_tokens_whichever_silo_it_enters()
    {
        for (var i = 0; i < 3; i++)
        {
            var call = FactoryCluster.Call(i);
            var running = Start(Factory.Silos[i], call);
            await running.Ended;
            AssertComplete(running);
            Assert.Equal(call.Prompt.Length, running.Usage!.PromptTokens);
            Assert.Equal(call.MaxTokens, running.Usage.CompletionTokens);
            Assert.True(running.Usage.Joules > 0);
            Assert.Contains(Factory.Silos, s => running.Usage.Device == $"{s.Name}/history");
        }
    }

    [Fact]
    public async Task Many_calls_at_once_get_their_own_tokens_and_leave_nothing_behind()
    {
        var running = Enumerable.Range(0, 24).Select(i => Start(Factory.Silos[i % 3], FactoryCluster.Call(i, 5 + i, 10 + i))).ToArray();
        await Task.WhenAll(running.Select(static r => r.Ended));
        Assert.All(running, AssertComplete);
        Assert.Equal(3, running.Select(static r => r.Usage!.Device).Distinct().Count());
        await Factory.Settle();
    }

    [Fact]
    public async Task Placement_goes_to_the_idle_device()
    {
        HoldAll();
        var front = Factory.Silos[0];
        var first = await Placed(front, 1);
        var second = await Placed(front, 2);
        Assert.NotEqual(first.Device, second.Device);

        // Another front end knows of them by gossip alone.
        var other = Factory.Silos[1];
        await FactoryCluster.Until(() => Loads(other).Count(static l => l == 1) == 2, "the gossip tells of both calls");
        var third = await Placed(other, 3);
        Assert.Equal(3, new[] { first.Device, second.Device, third.Device }.Distinct().Count());
        await LeaveAll(first.Running, second.Running, third.Running);
    }

    [Fact]
    public async Task A_burst_spreads_over_devices_that_all_look_idle()
    {
        HoldAll();
        var running = Enumerable.Range(0, 12).Select(i => Start(Factory.Silos[0], FactoryCluster.Call(i))).ToArray();
        await FactoryCluster.Until(() => Live() == 12, "all calls are placed");
        Assert.All(Factory.Silos, s => Assert.Equal(4, FactoryCluster.Service<DeviceRegistry>(s).Live));
        await LeaveAll(running);
    }

    [Fact]
    public async Task A_cancelled_stream_frees_its_blocks_within_one_step()
    {
        HoldAll();
        var (running, device) = await Placed(Factory.Silos[0], 1, maxTokens: 200);
        var engine = Factory.EngineOf(device);
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
        Assert.Equal(0, FactoryCluster.Service<PlacementLedger>(Factory.Silos[0]).ReservationCount);
    }

    [Fact]
    public async Task A_stream_goes_on_unbroken_when_the_silo_of_its_device_is_killed()
    {
        var (front, running, device) = await RemoteCall(maxTokens: 60);
        var engine = Factory.EngineOf(device);
        engine.Allow(20);
        await FactoryCluster.Until(() => running.Count >= 10, "tokens come");
        foreach (var silo in Factory.Silos.Where(s => s.Name != DeviceKey.Parse(device).Silo))
        {
            Factory.Engine(silo).Free();
        }

        await Factory.Cluster.KillSiloAsync(Factory.SiloOf(device), TestContext.Current.CancellationToken);
        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        AssertComplete(running);
        Assert.NotEqual(device, running.Usage!.Device);

        // Both decisions are remembered; tries that met the dead silo may stand between them.
        var decisions = FactoryCluster.Service<PlacementLedger>(front).Decisions(running.Call.RequestId);
        var (first, last) = (decisions.Last(d => d.Taken == device), decisions[^1]);
        Assert.Equal(running.Usage.Device, last.Taken);
        Assert.True(last.Attempt > first.Attempt && last.PromptTokens >= first.PromptTokens + 10);

        // What died with the silo is an estimate and says so; a silo of this process may still tell of it while it is killed.
        Assert.Equal(2, running.Usage.Attempts);
        if (running.Usage.EstimatedJoules > 0)
        {
            Assert.InRange(running.Usage.EstimatedJoules, running.Usage.Joules * 10 / 60, running.Usage.Joules * 0.99);
        }
        Assert.Contains(
            Factory.Silos.SelectMany(s => Factory.Engine(s).Submitted), r => r.ResumedTokens >= 10 && r.Prompt.AsSpan().StartsWith(running.Call.Prompt));
        Assert.Equal(0, FactoryCluster.Service<PlacementLedger>(front).ReservationCount);
    }

    [Fact]
    public async Task An_embedding_is_made_again_when_the_silo_of_its_device_is_killed()
    {
        HoldAll();
        var front = Factory.Silos[0];
        var running = Factory.Silos.Select((_, i) => Start(front, Embed(i))).ToArray();
        await FactoryCluster.Until(() => Live() == 3, "each device has one");
        var lost = Factory.Silos[1];
        foreach (var silo in Factory.Silos.Where(s => s != lost))
        {
            Factory.Engine(silo).Free();
        }

        await Factory.Cluster.KillSiloAsync(lost, TestContext.Current.CancellationToken);
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
        var engine = Factory.EngineOf(device);
        engine.Allow(5);
        await FactoryCluster.Until(() => running.Count >= 3, "tokens come");
        var stopping = Factory.Cluster.StopSiloAsync(Factory.SiloOf(device), TestContext.Current.CancellationToken);
        await FactoryCluster.Until(
            () => FactoryCluster.Service<PlacementLedger>(front).Snapshot().Single(d => d.State.Key == device).State.Draining,
            "the others hear that the silo drains");
        Assert.NotEqual(device, (await Placed(front, 77)).Device);
        engine.Free();
        Factory.Engine(front).Free();
        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await stopping;
        AssertComplete(running);
        Assert.Equal(device, running.Usage!.Device);
    }

    [Fact]
    public async Task A_pinned_grain_returns_to_its_silo_after_a_restart()
    {
        var before = Factory.Silos[2];
        var device = $"{before.Name}/history";
        var grain = Factory.Grains.GetGrain<IGpuGrain>(device);
        Assert.Equal("history", (await grain.GetState()).Device);
        Assert.Equal(before.SiloAddress, await Where(grain));
        await Factory.Cluster.RestartSiloAsync(before);
        var after = Factory.Silos.Single(s => s.Name == before.Name);
        Assert.NotEqual(before.SiloAddress, after.SiloAddress);
        await Factory.Settle();
        Assert.Equal("history", (await grain.GetState()).Device);
        Assert.Equal(after.SiloAddress, await Where(grain));
    }

    [Fact]
    public async Task A_device_grain_refuses_to_wake_for_a_device_that_its_silo_does_not_own()
    {
        var grain = Factory.Grains.GetGrain<IGpuGrain>($"{Factory.Silos[0].Name}/none");
        var error = await Assert.ThrowsAnyAsync<Exception>(() => grain.GetState());
        Assert.Contains("does not own", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gossip_reaches_all_silos_and_goes_on()
    {
        var last = Factory.Silos.ToDictionary(static s => s, static s => Sequences(s));
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
        var running = Enumerable.Range(0, 3 * FactoryCluster.MaxQueued).Select(i => Start(Factory.Silos[0], FactoryCluster.Call(i, 20, 5))).ToArray();
        await FactoryCluster.Until(() => Live() == running.Length, "all calls are placed");
        var refused = await Refused(Factory.Silos[0], FactoryCluster.Call(99));
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
            Factory.Engine(Factory.Silos[i]).BeforeSubmit = () =>
            {
                Interlocked.Increment(ref asked[bad]);
                throw new RequestRefusedException(RefusalReason.Overloaded, "It takes nothing.", TimeSpan.FromSeconds(1));
            };
        }

        try
        {
            for (var i = 0; i < 4; i++)
            {
                var running = Start(Factory.Silos[2], FactoryCluster.Call(i));
                await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
                AssertComplete(running);
                Assert.Equal(new DeviceKey(Factory.Silos[2].Name, "history").ToString(), running.Usage!.Device);
                Assert.All(asked, times => Assert.InRange(times, 0, i + 1));
            }

            Assert.Contains(asked, static times => times > 0);
        }
        finally
        {
            Array.ForEach([.. Factory.Silos], s => Factory.Engine(s).BeforeSubmit = null);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task A_call_that_no_device_has_room_for_is_refused_for_that_and_asks_none_twice(int drained)
    {
        var asked = 0;
        var grains = Factory.Silos.Take(drained).Select(s => Factory.Grains.GetGrain<IGpuGrain>($"{s.Name}/history")).ToArray();
        try
        {
            foreach (var silo in Factory.Silos)
            {
                Factory.Engine(silo).BeforeSubmit = () =>
                {
                    Interlocked.Increment(ref asked);
                    throw new RequestRefusedException(RefusalReason.Overloaded, "It takes nothing.", TimeSpan.FromSeconds(7));
                };
            }

            await Task.WhenAll(grains.Select(static g => g.Drain(true)));
            await SeesDrained(Factory.Silos[2], drained);
            var refused = await Refused(Factory.Silos[2], FactoryCluster.Call(1));
            Assert.Equal((RefusalReason.Overloaded, TimeSpan.FromSeconds(7)), (refused.Reason, refused.RetryAfter));
            Assert.Equal(3 - drained, asked);
        }
        finally
        {
            Array.ForEach([.. Factory.Silos], s => Factory.Engine(s).BeforeSubmit = null);
            await Task.WhenAll(grains.Select(static g => g.Drain(false)));
        }

        await SeesDrained(Factory.Silos[2], 0);
    }

    [Fact]
    public async Task What_a_silo_of_another_wire_version_reports_is_passed_over()
    {
        var (from, to) = (Factory.Silos[0], Factory.Silos[1]);
        var report = FactoryCluster.Service<DeviceRegistry>(from).Report();
        var ledger = FactoryCluster.Service<PlacementLedger>(to);
        var telemetry = FactoryCluster.Service<ITelemetryClient>(from).Of(to.SiloAddress);
        SiloAddress[] silos = [.. Enumerable.Range(1, 2).Select(i => SiloAddress.New(report.Silo.Endpoint, report.Silo.Generation + i))];
        try
        {
            await telemetry.Gossip(report with { Name = "another", Silo = silos[0], Version = WireVersion.Current + 1 });
            await telemetry.Gossip(report with { Name = "the same", Silo = silos[1] });
            await FactoryCluster.Until(() => ledger.Snapshot().Any(static d => d.SiloName == "the same"), "what was sent after it has come");
            Assert.DoesNotContain(ledger.Snapshot(), static d => d.SiloName == "another");
        }
        finally
        {
            ledger.Keep(silo => Array.IndexOf(silos, silo) < 0);
        }
    }

    [Fact]
    public async Task A_device_that_does_not_answer_is_a_try_that_failed()
    {
        using var hang = new ManualResetEventSlim();
        var asked = 0;
        foreach (var silo in Factory.Silos)
        {
            // The first that is asked never answers, whichever it is.
            Factory.Engine(silo).BeforeSubmit = () =>
            {
                if (Interlocked.Increment(ref asked) == 1)
                {
                    hang.Wait(TimeSpan.FromSeconds(60));
                }
            };
        }

        try
        {
            var running = Start(Factory.Silos[0], FactoryCluster.Call(3));
            await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
            AssertComplete(running);
            Assert.True(asked >= 2, $"{asked} devices were asked");
            Assert.False(hang.IsSet);
        }
        finally
        {
            hang.Set();
            Array.ForEach([.. Factory.Silos], s => Factory.Engine(s).BeforeSubmit = null);
        }
    }

    [Fact]
    public async Task A_deadline_bounds_a_call_whose_device_says_nothing()
    {
        HoldAll();
        var running = Start(Factory.Silos[0], FactoryCluster.Call(5) with { Deadline = TimeSpan.FromSeconds(1) });
        await Assert.ThrowsAsync<DeadlineExceededException>(() => running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        await FactoryCluster.Until(() => Factory.Silos.Any(s => !Factory.Engine(s).Cancelled.IsEmpty), "its device is told");
    }

    [Fact]
    public async Task A_call_that_no_device_can_ever_hold_is_refused_as_too_long()
    {
        var refused = await Refused(Factory.Silos[0], FactoryCluster.Call(1, 20, TestEngine.MaxContext));
        Assert.Equal(RefusalReason.TooLong, refused.Reason);
        Assert.Contains($"{TestEngine.MaxContext} positions", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_decision_about_a_call_is_told_whichever_silo_is_asked()
    {
        var running = Start(Factory.Silos[1], FactoryCluster.Call(11) with { RequestId = "explained" });
        await running.Ended;
        foreach (var silo in Factory.Silos)
        {
            var grains = FactoryCluster.Service<IGrainFactory>(silo);
            var answer = await grains.GetGrain<IFactoryGrain>(0).GetDecisions("explained", TestContext.Current.CancellationToken);
            var decision = Assert.Single(answer.Decisions);
            Assert.Equal((Factory.Silos[1].Name, running.Usage!.Device), (decision.Silo, decision.Taken));
            Assert.Equal(3, decision.Candidates.Count);
            Assert.Empty(answer.Silent);
        }
    }

    [Fact]
    public async Task A_client_reads_the_factory()
    {
        var snapshot = await Factory.Grains.GetGrain<IFactoryGrain>(0).GetSnapshot(TestContext.Current.CancellationToken);
        Assert.Equal(Factory.Silos.Select(static s => s.Name).Order(), snapshot.Silos.Where(static s => s.Status == "Active").Select(static s => s.Name));
        Assert.Equal(Factory.Silos.Select(static s => s.Name).Order(), snapshot.Devices.Select(static d => d.Silo));
        Assert.All(snapshot.Devices, static d => Assert.Equal(TestEngine.Blocks, d.TotalBlocks));
        Assert.All(snapshot.Silos, static s => Assert.Equal("all", s.Role));
        Assert.Equal("least-queue", snapshot.Policy);
        Assert.Equal("test-model", snapshot.Model);
    }
}
