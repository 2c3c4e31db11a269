using System.Collections.Concurrent;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Model;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Agents;
using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Gpu;
using Crescent.Grains.Membership;
using Crescent.Grains.Models;
using Crescent.Grains.Placement;
using Crescent.Grains.Storage;
using Crescent.Grains.Streams;
using Crescent.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains.Agents;

/// <summary>Three silos with the embedded model, which keep their grains' state in one folder, and a tool that counts.</summary>
public sealed class AgentCluster : IAsyncLifetime
{
    /// <summary>Times that a step is tried.</summary>
    internal const int Attempts = 4;

    private readonly TemporaryFolder _folder = new();
    private readonly LanguageModel _model = LanguageModel.Open(TestFiles.TinyModel);
    private readonly ServedModel _served;
    private readonly List<IDisposable> _devices = [];

    public AgentCluster() => _served = new ServedModel(_model, new GrammarCache(_model.Tokenizer), DateTimeOffset.UnixEpoch);

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public StrategyCatalogue Strategies { get; } = new();

    /// <summary>How often calls are to fail, by their request's id: the task's and the step's.</summary>
    internal ConcurrentDictionary<string, int> Faults { get; } = [];

    /// <summary>Calls at once, by their task.</summary>
    internal ConcurrentDictionary<string, Crowd> Crowds { get; } = [];

    /// <summary>Where tasks are to die, by their id.</summary>
    internal ConcurrentDictionary<string, Crash> Crashes { get; } = [];

    /// <summary>Where calls are to be held after their first chunk.</summary>
    internal ConcurrentDictionary<string, CallGate> Gates { get; } = [];

    /// <summary>The price of power, as tasks are told of it in all silos, instead of what the cluster's own governor says.</summary>
    internal SimulatedPower Power { get; } = new();

    internal EffectTool Effects { get; } = new();

    internal CountingTool Tool { get; } = new();

    internal string Folder => _folder.Path;

    internal IReadOnlyList<InProcessSiloHandle> Silos => [.. Cluster.GetActiveSilos()];

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(3);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSiloHost((_, host) => host.Logging.ClearProviders());
        builder.ConfigureSilo((_, silo) =>
        {
            silo.UseFastFailureDetection().Configure<ClusterMembershipOptions>(static o => o.ProbeTimeout = o.MaxProbeTimeout = TimeSpan.FromSeconds(4));
            silo.Services.AddSingleton(Strategies);
            silo.Services.AddSingleton<IAgentTool>(Tool);
            silo.Services.AddSingleton<IAgentTool>(Effects);
            silo.Services.Configure<AgentOptions>(static options => options.Attempts = Attempts);

            // Calls that wait stay where they are: on a machine that is busy they would wait for long enough to move away from their siblings.
            silo.Services.Configure<PlacementOptions>(static options => options.MoveMargin = 0);

            // A silo that stops does not wait for longer for a call that a test holds.
            silo.Services.Configure<GenerationOptions>(static options => options.DrainSeconds = 5);
            silo.AddCrescent(new CrescentSiloOptions
            {
                Model = _model.Name,
                Models = new ModelCatalogue([_served]),
                KeepsState = true,
                Devices = [new DevicePlan("cpu", (_, sink, _) => Engine(sink))],
            });
            silo.Services.AddSingleton<IPowerWord>(Power);
            silo.Services.AddKeyedSingleton<IGrainStorage>(CrescentStorage.Name, (_, _) => new CrashingStorage(new FileGrainStorage(_folder.Path), Crashes));
            var generations = silo.Services.Last(static service => service.ServiceType == typeof(IGenerationService)).ImplementationType!;
            silo.Services.AddSingleton<IGenerationService>(services => new FaultyGenerations((IGenerationService)ActivatorUtilities.CreateInstance(services, generations), Faults, Gates, Crowds));
        });
        Cluster = builder.Build();
        await Cluster.DeployAsync();
        await SeeDevices();
    }

    public async ValueTask DisposeAsync()
    {
        Tool.Free();
        await Cluster.DisposeAsync();
        foreach (var device in _devices)
        {
            device.Dispose();
        }

        _model.Dispose();
        _folder.Dispose();
    }

    internal Task SeeDevices() => FactoryCluster.Until(
        () => Silos.All(silo => silo.ServiceProvider.GetRequiredService<IGenerationService>().MaxPositions(null) > 0), "all silos know a device");

    /// <summary>Three silos again after one was killed.</summary>
    internal async Task Complete()
    {
        while (Silos.Count < 3)
        {
            await Cluster.StartAdditionalSiloAsync();
        }

        await SeeDevices();
    }

    /// <summary>A task, as a silo reaches it.</summary>
    internal IAgentTaskGrain Task(string id) => Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IAgentTaskGrain>(id);

    internal IAgentRosterGrain Roster => Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IAgentRosterGrain>(0);

    /// <summary>The silo that a task runs in; null while it runs in none.</summary>
    internal async Task<InProcessSiloHandle?> SiloOf(string id)
    {
        var address = await Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetActivationAddress(Task(id));
        return Silos.FirstOrDefault(silo => silo.SiloAddress.Equals(address));
    }

    internal static TaskSpec Spec(string strategy, string problem = "Tom has 12 apples. He buys 3 bags with 4 apples each. How many apples does Tom have now?") => new()
    {
        Problem = problem,
        Strategy = strategy,
        Settings = new StrategySettings { MaxTokens = 120, Samples = 6, PartLines = 1 },
        Seed = 7,
    };

    internal static string Json(TaskSpec spec) => TaskDocument.Write(spec);

    /// <summary>A bill without what differs from run to run, and without what was lost.</summary>
    internal static AgentBill Comparable(AgentBill bill) => bill with { CachedTokens = 0, StepSeconds = 0, Joules = 0, Lost = new AgentLoss() };

    /// <summary>Waits for the end of a task; a silo that dies meanwhile is no matter.</summary>
    internal async Task<AgentView> Ended(string id)
    {
        AgentView? view = null;
        await FactoryCluster.UntilAsync(
            async () =>
            {
                try
                {
                    view = await Task(id).Show();
                }
                catch (Exception e) when (e is OrleansException or TimeoutException)
                {
                }

                return view is { HasEnded: true };
            },
            $"the task {id} has ended");
        return view!;
    }

    private OwnedEngine Engine(IEngineSink sink)
    {
        var device = new CpuDevice(_model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 1024 });
        var engine = new InferenceEngine(device, _model.Tokenizer, _model.Name, sink, new CpuPowerModel(1));
        var driver = new EngineDriver(engine);
        lock (_devices)
        {
            _devices.Add(driver);
            _devices.Add(device);
        }

        return new OwnedEngine(engine, engine);
    }
}
