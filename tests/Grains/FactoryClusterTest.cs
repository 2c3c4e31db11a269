using System.Text;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Orleans.TestingHost;
namespace Crescent.Tests.Grains;

/// <summary>Tests of the actors together: one cluster for all tests of a class, each of which leaves it with three idle devices.</summary>
public abstract class FactoryClusterTest(FactoryCluster factory) : IClassFixture<FactoryCluster>, IAsyncLifetime
{
    private protected FactoryCluster Factory { get; } = factory;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await Factory.Settle();
        GC.SuppressFinalize(this);
    }

    private protected static RunningCall Start(InProcessSiloHandle front, InferenceRequest call) => new(FactoryCluster.Service<IGenerationService>(front), call);

    private protected static void AssertComplete(RunningCall running)
    {
        var expected = FactoryCluster.Expected(running.Call);
        Assert.Equal(expected, running.Tokens);
        Assert.Equal(Encoding.ASCII.GetString([.. expected.Select(static t => (byte)t)]), running.Text);
        Assert.Equal("length", running.FinishReason);
    }

    private protected static async Task<RequestRefusedException> Refused(InProcessSiloHandle front, InferenceRequest call)
    {
        var running = Start(front, call);
        return await Assert.ThrowsAsync<RequestRefusedException>(() => running.Ended);
    }

    private protected static async Task LeaveAll(params RunningCall[] running)
    {
        foreach (var call in running)
        {
            await call.Leave();
        }
    }

    private protected static Dictionary<string, long> Sequences(InProcessSiloHandle silo) =>
        FactoryCluster.Service<PlacementLedger>(silo).Snapshot().ToDictionary(static d => d.State.Key, static d => d.State.Sequence);

    private protected static IEnumerable<int> Loads(InProcessSiloHandle silo) =>
        FactoryCluster.Service<PlacementLedger>(silo).Snapshot().Select(static d => d.State.Sequences);

    /// <summary>Waits until the gossip has told a front end of so many drained devices.</summary>
    private protected static Task SeesDrained(InProcessSiloHandle front, int count) => FactoryCluster.Until(
        () => FactoryCluster.Service<PlacementLedger>(front).Snapshot().Count(static d => d.State.Draining) == count, $"{front.Name} sees {count} drained devices");

    private protected void HoldAll()
    {
        foreach (var silo in Factory.Silos)
        {
            Factory.Engine(silo).Hold();
        }
    }

    private protected int Live() => Factory.Silos.Sum(static s => FactoryCluster.Service<DeviceRegistry>(s).Live);

    /// <summary>Starts a call and waits until a device has it. The engines are held.</summary>
    private protected static async Task<(RunningCall Running, string Device)> Placed(InProcessSiloHandle front, int seed, int maxTokens = 30)
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
    private protected async Task<(InProcessSiloHandle Front, RunningCall Running, string Device)> RemoteCall(int maxTokens)
    {
        HoldAll();
        var front = Factory.Silos[0];
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

    private protected async Task<SiloAddress?> Where(IGpuGrain grain) =>
        await Factory.Grains.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);
}
