using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Gpu;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains;

/// <summary>A sick device is found out, left alone and tried again; the streams that it had go on elsewhere, whole.</summary>
public sealed class SickDeviceTests(SickCluster factory) : IClassFixture<SickCluster>, IAsyncLifetime
{
    private const string Well = "serving";

    private InProcessSiloHandle Front => factory.Silos[0];

    private string Sick => factory.Silos[1].Name;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        factory.Heal(Sick);
        await Sees(static device => device.Stage == Well);
        await factory.Settle();
    }

    [Fact]
    public async Task A_device_that_fails_every_step_is_quarantined_and_no_stream_is_broken()
    {
        var steps = 0;
        await QuarantinesAndHeals(
            () =>
            {
                Interlocked.Increment(ref steps);
                throw new InvalidOperationException("the memory is broken");
            },
            "3 of its steps failed within 30 s: A step on device history failed: the memory is broken");
        Assert.True(steps >= 3);
    }

    [Fact]
    public async Task A_device_that_fails_one_step_in_three_is_quarantined_and_no_stream_is_broken()
    {
        var steps = 0;
        await QuarantinesAndHeals(
            () =>
            {
                if (Interlocked.Increment(ref steps) % 3 == 0)
                {
                    throw new InvalidOperationException("a bit has flipped");
                }
            },
            "3 of its steps failed within 30 s: A step on device history failed: a bit has flipped");
    }

    [Fact]
    public async Task A_device_that_hangs_is_quarantined_and_not_opened_again_before_its_step_ends()
    {
        using var hang = new ManualResetEventSlim();
        var opened = factory.Opened(Sick);
        factory.Break(Sick, hang.Wait);
        var running = Calls(24);
        await Sees(static device => device.Stage == "quarantined");
        foreach (var call in running)
        {
            await call.Ended.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            AssertComplete(call);
            Assert.NotEqual($"{Sick}/history", call.Usage!.Device);
        }

        // Long enough for it to be tried, were it not for the step.
        await Sees(static device => device is { Stage: "quarantined", RetrySeconds: 0 });
        await Task.Delay(DeviceSlot.ClosePatience + TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Equal(opened, factory.Opened(Sick));
        factory.Heal(Sick);
        hang.Set();
        await Sees(static device => device.Stage == Well);
        Assert.Equal(opened + 1, factory.Opened(Sick));
    }

    [Fact]
    public async Task A_call_without_a_token_is_told_soon_that_no_device_is_left()
    {
        using var hang = new ManualResetEventSlim();
        try
        {
            foreach (var silo in factory.Silos)
            {
                factory.Break(silo.Name, hang.Wait);
            }

            var call = Calls(1)[0];
            var refused = await Assert.ThrowsAsync<RequestRefusedException>(() => call.Ended.WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken));
            Assert.Equal(RefusalReason.Unavailable, refused.Reason);
            Assert.NotNull(refused.RetryAfter);
        }
        finally
        {
            foreach (var silo in factory.Silos)
            {
                factory.Heal(silo.Name);
            }

            hang.Set();
            foreach (var silo in factory.Silos)
            {
                await FactoryCluster.UntilAsync(async () => (await Snapshot(silo.Name)).Stage == Well, "all devices serve again");
            }
        }
    }

    [Fact]
    public async Task A_device_that_fails_when_it_is_tried_is_left_alone_for_longer()
    {
        factory.Break(Sick, static () => throw new InvalidOperationException("still broken"));
        var opened = factory.Opened(Sick);
        var running = new List<RunningCall>();
        await FactoryCluster.UntilAsync(
            async () =>
            {
                running.AddRange(Calls(6, running.Count));
                await Whole(running);
                return factory.Opened(Sick) >= opened + 2;
            },
            "it was tried twice");
        await Sees(static device => device.Fault?.StartsWith("a call ended after 0 tokens when it was tried", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task A_device_that_does_not_open_is_quarantined_and_opened_again_when_that_has_come_back()
    {
        using var release = new ManualResetEventSlim();
        var opened = factory.Opened(Sick);
        factory.Loading[Sick] = release.Wait;
        try
        {
            var grain = factory.Grains.GetGrain<IGpuGrain>($"{Sick}/history");
            await grain.Drain(true);
            await Sees(static device => device is { Stage: "closed", OutOfService: true });
            await grain.Drain(false);
            await Sees(static device => device is { Stage: "quarantined", Fault: "it was not open within 2 s", RetrySeconds: 0 });

            // It would have been tried again by now, twice over.
            await Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken);
            Assert.Equal(opened + 1, factory.Opened(Sick));
            Assert.Empty(FactoryCluster.Service<DeviceRegistry>(factory.Silos[1]).Devices);
        }
        finally
        {
            factory.Loading.TryRemove(Sick, out _);
            release.Set();
        }

        await Sees(static device => device.Stage == Well);
        Assert.Equal(opened + 2, factory.Opened(Sick));
        await Whole(Calls(6));
    }

    [Fact]
    public async Task A_device_that_is_drained_and_empty_gives_its_memory_back_and_is_opened_again_when_it_is_wanted()
    {
        var opened = factory.Opened(Sick);
        var grain = factory.Grains.GetGrain<IGpuGrain>($"{Sick}/history");
        await grain.Drain(true);
        await Sees(static device => device is { Stage: "closed", OutOfService: true });
        Assert.Empty(FactoryCluster.Service<DeviceRegistry>(factory.Silos[1]).Devices);
        await grain.Drain(false);
        await Sees(static device => device is { Stage: Well, Draining: false });
        Assert.Equal(opened + 1, factory.Opened(Sick));
        await Whole(Calls(6));
    }

    [Fact]
    public async Task A_device_is_opened_for_one_activation_only()
    {
        var slot = FactoryCluster.Service<DeviceRegistry>(factory.Silos[1]).Find("history")!;
        var refused = Assert.Throws<InvalidOperationException>(() => { _ = slot.Open(new object()); });
        Assert.Equal($"{Sick}/history is held by another activation of its grain.", refused.Message);
        await slot.Close(new object());
        Assert.NotNull(slot.Device);
    }

    private async Task QuarantinesAndHeals(Action fault, string reason)
    {
        var opened = factory.Opened(Sick);
        factory.Break(Sick, fault);
        var running = new List<RunningCall>();

        // Calls come until it has been given enough.
        await FactoryCluster.UntilAsync(
            async () =>
            {
                running.AddRange(Calls(6, running.Count));
                await Whole(running);
                return await Snapshot() is { Stage: not Well };
            },
            "the device is quarantined");
        var sick = await Snapshot();
        Assert.True(sick.Draining);
        Assert.Equal(reason, sick.Fault);
        factory.Heal(Sick);
        await Sees(static device => device is { Stage: Well, Draining: false, Fault: null });
        Assert.True(factory.Opened(Sick) > opened);
        await Whole(Calls(12));
    }

    private List<RunningCall> Calls(int count, int from = 0) => [.. Enumerable.Range(from, count).Select(
        i => new RunningCall(FactoryCluster.Service<Crescent.Grains.Streams.IGenerationService>(Front), FactoryCluster.Call(i)))];

    private static async Task Whole(IEnumerable<RunningCall> running)
    {
        foreach (var call in running)
        {
            await call.Ended.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
            AssertComplete(call);
        }
    }

    private static void AssertComplete(RunningCall call) => Assert.Equal(FactoryCluster.Expected(call.Call), call.Tokens);

    private Task<DeviceSnapshot> Snapshot() => Snapshot(Sick);

    private async Task<DeviceSnapshot> Snapshot(string silo)
    {
        var factoryGrain = FactoryCluster.Service<IGrainFactory>(Front).GetGrain<IFactoryGrain>(0);
        return (await factoryGrain.GetSnapshot(TestContext.Current.CancellationToken)).Devices.Single(d => d.Silo == silo);
    }

    private Task Sees(Predicate<DeviceSnapshot> wanted) => FactoryCluster.UntilAsync(async () => wanted(await Snapshot()), "the device is as it should be");
}
