using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
namespace Crescent.Tests.Grains;

/// <summary>Streams leave devices that are drained, lost or worse than others, and go on.</summary>
public sealed class StreamMovesClusterTests(FactoryCluster factory) : FactoryClusterTest(factory)
{
    [Fact]
    public async Task A_stream_on_a_device_that_is_drained_goes_on_unbroken_on_another()
    {
        var (front, running, device) = await RemoteCall(maxTokens: 60);
        Factory.EngineOf(device).Allow(20);
        await FactoryCluster.Until(() => running.Count >= 10, "tokens come");
        var grain = Factory.Grains.GetGrain<IGpuGrain>(device);
        await grain.Drain(true);
        try
        {
            foreach (var silo in Factory.Silos.Where(s => s.Name != DeviceKey.Parse(device).Silo))
            {
                Factory.Engine(silo).Free();
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

        await Factory.Settle();
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
            var grain = Factory.Grains.GetGrain<IGpuGrain>(from);
            await grain.Drain(true);
            try
            {
                var to = from;
                await FactoryCluster.Until(() => (to = stream.Device ?? from) != from, $"the stream leaves {from}");
                Assert.Equal(move, stream.Moves);
                var before = running.Count;
                Factory.EngineOf(to).Allow(20);
                await FactoryCluster.Until(() => running.Count > before, "tokens come");
            }
            finally
            {
                await grain.Drain(false);
            }

            await SeesDrained(front, 0);
        }

        foreach (var silo in Factory.Silos)
        {
            Factory.Engine(silo).Free();
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
        var grains = Factory.Silos.Select(s => Factory.Grains.GetGrain<IGpuGrain>($"{s.Name}/history")).ToArray();
        try
        {
            // Its own last: it would move to another before that is drained.
            await Task.WhenAll(grains.Where(g => g.GetPrimaryKeyString() != device).Select(static g => g.Drain(true)));
            await SeesDrained(front, 2);
            await Factory.Grains.GetGrain<IGpuGrain>(device).Drain(true);
            await SeesDrained(front, 3);
            FactoryCluster.Service<StreamMoves>(front).Look();
            Assert.Equal(RefusalReason.Stopping, (await Refused(front, FactoryCluster.Call(78))).Reason);

            // Also by the device itself, for those who have not heard of the drain yet.
            var reply = await Factory.Grains.GetGrain<IGpuGrain>(device).Submit(new Submission
            {
                Request = new InferenceRequest { Id = 1 << 8 | 1, RequestId = "late", Prompt = [1, 2, 3], MaxTokens = 1 },
                Front = front.SiloAddress,
                Observer = await router.GetReference(),
            });
            Assert.Equal((RefusalReason.Stopping, $"{device} is drained by an operator."), (reply.Refusal!.Reason, reply.Refusal.Message));
            Factory.EngineOf(device).Free();
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
    public async Task A_stream_that_was_given_up_goes_on_at_once_when_all_devices_are_drained_meanwhile()
    {
        var (front, running, _) = await RemoteCall(maxTokens: 60);
        Factory.Engine(Factory.Silos[1]).Allow(20);
        Factory.Engine(Factory.Silos[2]).Allow(20);
        await FactoryCluster.Until(() => running.Count > 0, "tokens come");
        var grains = Factory.Silos.Select(s => Factory.Grains.GetGrain<IGpuGrain>($"{s.Name}/history")).ToArray();
        try
        {
            await Task.WhenAll(grains.Select(static g => g.Drain(true)));
            await SeesDrained(front, 3);
            var stream = FactoryCluster.Service<TokenRouter>(front).Streams.Single();
            var ticket = stream.Ticket;
            stream.Move(ticket, "a test moves it");
            foreach (var silo in Factory.Silos)
            {
                Factory.Engine(silo).Free();
            }

            await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }
        finally
        {
            await Task.WhenAll(grains.Select(static g => g.Drain(false)));
        }

        AssertComplete(running);
        await SeesDrained(front, 0);
    }

    [Fact]
    public async Task A_call_that_waits_moves_to_a_device_that_has_become_idle()
    {
        HoldAll();
        var running = Enumerable.Range(0, 12).Select(i => Start(Factory.Silos[0], FactoryCluster.Call(i))).ToArray();
        await FactoryCluster.Until(() => Live() == 12, "all calls are placed");
        Factory.Engine(Factory.Silos[1]).Free();

        // Four were placed there; the fifth has moved.
        await FactoryCluster.Until(() => running.Count(static r => r.Ended.IsCompleted) > 4, "more calls are answered than the free device had");
        foreach (var silo in Factory.Silos)
        {
            Factory.Engine(silo).Free();
        }

        await Task.WhenAll(running.Select(static r => r.Ended)).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.All(running, AssertComplete);
        await Factory.Settle();
    }

    [Fact]
    public async Task A_device_that_has_lost_a_sequence_is_found_out_and_the_stream_goes_on()
    {
        var (front, running, device) = await RemoteCall(maxTokens: 40);
        var engine = Factory.EngineOf(device);
        engine.Allow(10);
        await FactoryCluster.Until(() => running.Count >= 5, "tokens come");

        // The link breaks as it does when the front end answers too late: the device cancels, and nobody tells the front end.
        var registry = FactoryCluster.Service<DeviceRegistry>(Factory.SiloOf(device));
        registry.KeepLinks(silo => !silo.Equals(front.SiloAddress));
        foreach (var silo in Factory.Silos)
        {
            Factory.Engine(silo).Free();
        }

        await running.Ended.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        AssertComplete(running);
    }
}
