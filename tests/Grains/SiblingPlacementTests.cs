using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kv;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains;

/// <summary>
/// Where the calls of one agent task go that begin with the same text and come at once: the devices are held before their first step, so that no cache has
/// anything yet, and no event tells of it.
/// </summary>
public sealed class SiblingPlacementTests : IAsyncLifetime
{
    private const int Siblings = 6;
    private const int SharedTokens = 400;
    private const int OwnTokens = 20;

    // One each, as devices remember for seconds what prompts they had.
    private readonly PowerAwareCluster _factory = new();

    public async ValueTask InitializeAsync()
    {
        await _factory.InitializeAsync();
        foreach (var silo in _factory.Silos)
        {
            _factory.Engine(silo).Hold();
        }
    }

    public async ValueTask DisposeAsync() => await _factory.DisposeAsync();

    [Fact]
    public async Task Calls_of_a_task_with_a_long_common_beginning_share_a_device_before_its_first_cache_event()
    {
        var calls = Enumerable.Range(0, Siblings).Select(static i => Call(i, shared: 1)).ToArray();
        var live = await Place(calls);
        Assert.Equal(Siblings, live.Max());
    }

    [Fact]
    public async Task Calls_of_a_task_with_nothing_in_common_spread()
    {
        var calls = Enumerable.Range(0, Siblings).Select(static i => Call(i, shared: 10 + i)).ToArray();
        var live = await Place(calls);
        Assert.Equal(Enumerable.Repeat(Siblings / 3, 3), live);
    }

    /// <summary>Starts all calls at once at one front end.</summary>
    /// <returns>The calls of each silo's device.</returns>
    private async Task<int[]> Place(InferenceRequest[] calls)
    {
        var service = FactoryCluster.Service<IGenerationService>(_factory.Silos[0]);
        var events = Events();
        var running = Array.ConvertAll(calls, call => new RunningCall(service, call));
        await FactoryCluster.Until(() => Live().Sum() == calls.Length, "all calls are placed");
        var live = Live();
        Assert.Equal(events, Events());
        foreach (var silo in _factory.Silos)
        {
            _factory.Engine(silo).Free();
        }

        await Task.WhenAll(running.Select(static r => r.Ended)).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        return live;
    }

    private long[] Events() => [.. _factory.Silos.Select(static s => FactoryCluster.Service<KvIndexFeed>(s).State().Events)];

    private int[] Live() => [.. _factory.Silos.Select(static s => FactoryCluster.Service<DeviceRegistry>(s).Live)];

    private static InferenceRequest Call(int number, int shared) => new()
    {
        RequestId = $"sibling-{number}",
        Prompt = [.. Enumerable.Range(0, SharedTokens).Select(i => 1 + ((i + (shared * 31)) % 127)), .. Enumerable.Repeat(1 + number, OwnTokens)],
        MaxTokens = 60,
        Task = "task",
    };
}
