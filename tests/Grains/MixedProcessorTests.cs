using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Streams;

namespace Crescent.Tests.Grains;

/// <summary>Streams that change from one kind of processor to another.</summary>
public sealed class MixedProcessorTests(MixedProcessorCluster factory) : IClassFixture<MixedProcessorCluster>, IAsyncLifetime
{
    private const int Steps = 12;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await factory.Settle();

    [Fact]
    public async Task Greedy_and_seeded_streams_go_on_with_the_same_tokens_on_another_processor()
    {
        var calls = Enumerable.Range(0, 6).Select(Call).ToArray();
        var expected = new List<IReadOnlyList<int>>();
        foreach (var call in calls)
        {
            var alone = Start(0, call);
            await alone.Ended;
            expected.Add([.. alone.Tokens]);
        }

        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Hold();
        }

        // The last silo is none of the first two, which the streams are read at.
        var running = calls.Select((call, i) => Start(i % 2, call)).ToArray();
        var lost = factory.Silos[^1];
        await FactoryCluster.Until(
            () => factory.Silos.Sum(static silo => FactoryCluster.Service<DeviceRegistry>(silo).Live) == calls.Length, "all calls are placed");
        Assert.True(FactoryCluster.Service<DeviceRegistry>(lost).Live > 0, "none is on the device that is to be lost");
        foreach (var silo in factory.Silos)
        {
            factory.Engine(silo).Allow(Steps);
        }

        await FactoryCluster.Until(() => running.All(static r => r.Count > 1), "all streams have begun");
        foreach (var silo in factory.Silos.Where(silo => silo != lost))
        {
            factory.Engine(silo).Free();
        }

        await factory.Cluster.KillSiloAsync(lost, TestContext.Current.CancellationToken);
        await Task.WhenAll(running.Select(static r => r.Ended)).WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(expected, running.Select(static r => r.Tokens));
        Assert.Contains(factory.Silos.SelectMany(s => factory.Engine(s).Submitted), static r => r.ResumedTokens > 0);
    }

    private RunningCall Start(int silo, InferenceRequest call) =>
        new(FactoryCluster.Service<IGenerationService>(factory.Silos[silo]), call);

    /// <summary>Every other one is drawn, by a seed of its own.</summary>
    private InferenceRequest Call(int i) => new()
    {
        RequestId = $"mixed-{i}",
        Prompt = factory.Encode($"Tom has {i + 3} apples. He buys {i + 2} bags with 4 apples each."),
        MaxTokens = 60,
        IgnoreEndOfGeneration = true,
        Sampling = i % 2 == 0 ? SamplingParameters.Greedy : new SamplingParameters { Temperature = 1, Seed = (ulong)i },
    };
}
