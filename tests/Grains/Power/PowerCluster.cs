using System.Collections.Concurrent;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Scheduling;
using Crescent.Grains;
using Crescent.Grains.Configuration;
using Crescent.Grains.Gpu;
using Crescent.Grains.Membership;
using Crescent.Grains.Placement;
using Crescent.Grains.Power;
using Crescent.Grains.Streams;
using Crescent.Lab.Virtual;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Power;

/// <summary>Three silos in this process with two simulated GPUs each, under a budget of 70 % of what the six may draw.</summary>
internal sealed class PowerCluster : IAsyncDisposable
{
    public const double Nameplate = 6 * 700;
    public const double Budget = 2940;

    private static readonly SilentTokenizer Tokenizer = new();

    private readonly InProcessTestCluster _cluster;
    private readonly ConcurrentBag<OwnedEngine> _engines = [];

    private PowerCluster()
    {
        var text = new SimulatedText(Tokenizer);
        var model = SimulatedModels.Find("sim:llama-3-8b-fp8");
        var spec = SimulatedDeviceSpec.Parse("sim:h100-sxm");
        var builder = new InProcessTestClusterBuilder(3);
        builder.Options.ConfigureFileLogging = false;
        builder.Options.AssumeHomogenousSilosForTesting = false;
        builder.ConfigureSiloHost((_, host) =>
        {
            host.Logging.ClearProviders();
            host.Services.Configure<PlacementOptions>(static o => o.Policy = "least-queue");
            host.Services.Configure<PowerOptions>(static o => o.Budget = "2940W");
        });
        builder.ConfigureSilo((_, host) => host
            .UseFastFailureDetection()
            .Configure<ClusterMembershipOptions>(static o => o.ProbeTimeout = o.MaxProbeTimeout = TimeSpan.FromSeconds(4))
            .AddCrescent(new CrescentSiloOptions
            {
                Model = "sim",
                Devices = [.. Enumerable.Range(0, 2).Select(i => new DevicePlan(spec.DeviceName(i), (_, sink, _) => Create(spec, i, model, text, sink)))],
            }));
        _cluster = builder.Build();
    }

    public InProcessTestCluster Cluster => _cluster;

    public IReadOnlyList<InProcessSiloHandle> Silos => [.. _cluster.GetActiveSilos()];

    public static async Task<PowerCluster> Start()
    {
        var cluster = new PowerCluster();
        await cluster._cluster.DeployAsync();
        return cluster;
    }

    public static T Service<T>(InProcessSiloHandle silo)
        where T : notnull => silo.ServiceProvider.GetRequiredService<T>();

    /// <summary>Devices of the silos that live.</summary>
    public IEnumerable<HostedDevice> Devices() => Silos.SelectMany(static s => Service<DeviceRegistry>(s).Devices);

    /// <summary>Sum of the caps in force on the devices themselves.</summary>
    public double Caps() => Devices().Sum(static d => d.Cap!.State.Watts);

    /// <summary>The silo of the governor, as <paramref name="silo"/> has heard.</summary>
    public static string? Governor(InProcessSiloHandle silo) => Service<PowerDesk>(silo).Newest is ({ } state, < 2) ? state.Governor : null;

    /// <summary>A call of some forty seconds, entering at <paramref name="silo"/>.</summary>
    public static RunningCall Call(InProcessSiloHandle silo, int seed) => new(Service<IGenerationService>(silo), new InferenceRequest
    {
        RequestId = $"call-{seed}",
        Prompt = [.. Enumerable.Range(0, 400).Select(i => 1 + ((i + (seed * 31)) % 30_000))],
        MaxTokens = 7000,
    });

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        foreach (var engine in _engines)
        {
            engine.Dispose();
        }
    }

    private OwnedEngine Create(SimulatedDeviceSpec spec, int index, ModelShape model, SimulatedText text, IEngineSink sink)
    {
        var device = new SimulatedDevice(spec, index, model, text);
        var paced = new PacedDevice(device);
        var engine = new InferenceEngine(paced, Tokenizer, "sim", sink, device.Power, new EngineOptions());
        var whole = new OwnedEngine(engine, new EngineDriver(engine), engine, paced);
        _engines.Add(whole);
        return whole;
    }
}
