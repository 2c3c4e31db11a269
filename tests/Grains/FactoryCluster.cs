using System.Collections.Concurrent;
using Crescent.Control.Health;
using Crescent.Control.Placement;
using Crescent.Engine.Scheduling;
using Crescent.Grains;
using Crescent.Grains.Configuration;
using Crescent.Grains.Gpu;
using Crescent.Grains.Membership;
using Crescent.Grains.Placement;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Crescent.Tests.Engine.Scheduling;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.TestingHost;

namespace Crescent.Tests.Grains;

/// <summary>Three silos in this process, each with one device. Other tests may starve them for a moment, so probes are patient.</summary>
public class FactoryCluster : IAsyncLifetime
{
    public const int MaxQueued = 8;

    private readonly ConcurrentDictionary<string, TestEngine> _engines = new();
    private InProcessTestCluster _cluster = null!;

    /// <summary>Tests say where calls go, so the policy is the one whose decisions a reader can foresee.</summary>
    protected virtual string Policy => LeastQueuePolicy.PolicyName;

    /// <summary>When calls that wait are moved.</summary>
    protected virtual double MoveMargin => PlacementOptions.DefaultMoveMargin;

    /// <summary>When devices are sick. Engines that a test holds are not.</summary>
    protected virtual HealthOptions Health => new() { StallSeconds = 3600 };

    /// <summary>What a silo does.</summary>
    protected virtual string Role(string silo) => "all";

    /// <summary>Makes the device of a silo.</summary>
    private protected virtual TestEngine Create(string silo, IEngineSink sink) => new(sink);

    private static OwnedEngine Own(TestEngine engine) => new(engine, engine);

    public InProcessTestCluster Cluster => _cluster;

    /// <summary>What the silos have besides.</summary>
    protected virtual ISiloBuilder Add(ISiloBuilder silo) => silo;

    internal IReadOnlyList<InProcessSiloHandle> Silos => [.. _cluster.GetActiveSilos()];

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(3);
        builder.Options.ConfigureFileLogging = false;
        builder.Options.AssumeHomogenousSilosForTesting = false;
        builder.ConfigureSiloHost((_, host) =>
        {
            host.Logging.ClearProviders();
            host.Services.Configure<PlacementOptions>(o =>
            {
                o.Policy = Policy;
                o.MaxQueued = MaxQueued;
                o.MoveMargin = MoveMargin;
            });
            host.Services.Configure<GenerationOptions>(static o => o.LivenessSeconds = 1);
            host.Services.AddSingleton(Options.Create(Health));
        });
        builder.ConfigureSilo((silo, host) => Add(host)
            .UseFastFailureDetection()
            .Configure<ClusterMembershipOptions>(static o => o.ProbeTimeout = o.MaxProbeTimeout = TimeSpan.FromSeconds(4))
            .AddCrescent(new CrescentSiloOptions
            {
                Model = "test-model",
                Role = Role(silo.SiloName),
                Devices = [new DevicePlan("history", (_, sink, _) => Own(_engines[silo.SiloName] = Create(silo.SiloName, sink)))],
            })
            .Services.AddSingleton<ITelemetryClient>(static s => new LossyTelemetry(ActivatorUtilities.CreateInstance<TelemetryClient>(s))));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        await Settle();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines.Values)
        {
            engine.Free();
        }

        await _cluster.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>
    /// Grains, as a silo reaches them. The cluster's client would fail its next calls after a test that restarts a silo, on the gateway that is
    /// no more.
    /// </summary>
    internal IGrainFactory Grains => Service<IGrainFactory>(Silos[0]);

    internal TestEngine Engine(InProcessSiloHandle silo) => _engines[silo.Name];

    /// <summary>The engine of <c>silo/device</c>.</summary>
    internal TestEngine EngineOf(string device) => _engines[DeviceKey.Parse(device).Silo];

    internal InProcessSiloHandle SiloOf(string device) => Silos.First(s => s.Name == DeviceKey.Parse(device).Silo);

    internal static T Service<T>(InProcessSiloHandle silo)
        where T : notnull => silo.ServiceProvider.GetRequiredService<T>();

    /// <summary>Waits until <paramref name="condition"/> holds; fails with <paramref name="what"/> when it does not for long.</summary>
    internal static Task Until(Func<bool> condition, string what, int seconds = 60) => UntilAsync(() => Task.FromResult(condition()), what, seconds);

    /// <inheritdoc cref="Until"/>
    internal static async Task UntilAsync(Func<Task<bool>> condition, string what, int seconds = 60)
    {
        var deadline = DateTime.UtcNow.AddSeconds(seconds);
        while (!await condition())
        {
            Assert.True(DateTime.UtcNow < deadline, $"Waited {seconds} s in vain until {what}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Frees all engines and waits until every silo sees three idle devices and nothing is left of earlier calls.</summary>
    internal async Task Settle()
    {
        while (Silos.Count < 3)
        {
            await _cluster.StartAdditionalSiloAsync();
        }

        foreach (var engine in _engines.Values)
        {
            engine.Free();
        }

        foreach (var silo in Silos)
        {
            await Until(
                () => Service<DeviceRegistry>(silo).Live == 0 && Service<PlacementLedger>(silo).ReservationCount == 0
                    && Service<TokenRouter>(silo).Count == 0 && Engine(silo).State is var engine && engine.FreeBlocks == engine.TotalBlocks,
                $"{silo.Name} has no sequence, stream, reservation or block in use");
        }

        // What was reported before that does not count: wait for later reports, in every silo of every silo.
        var reported = Silos.ToDictionary(static s => $"{s.Name}/history", static s => Service<DeviceRegistry>(s).ReportSequence);
        foreach (var silo in Silos)
        {
            await Until(
                () => Service<PlacementLedger>(silo).Snapshot() is var devices && devices.Length == reported.Count && devices.All(d =>
                    reported.TryGetValue(d.State.Key, out var old) && d.State.Sequence > old && d.State is { Sequences: 0, Reserved: 0 }),
                $"{silo.Name} sees three idle devices");
        }
    }

    internal static InferenceRequest Call(int seed, int promptLength = 20, int maxTokens = 30) => new()
    {
        RequestId = $"call-{seed}",
        Prompt = [.. Enumerable.Range(0, promptLength).Select(i => 1 + ((i + (seed * 31)) % 127))],
        MaxTokens = maxTokens,
    };

    /// <summary>The tokens that any device gives for <paramref name="call"/>.</summary>
    internal static List<int> Expected(InferenceRequest call)
    {
        var history = call.Prompt.ToList();
        for (var i = 0; i < call.MaxTokens; i++)
        {
            history.Add(HistoryDevice.Next([.. history]));
        }

        return history[call.Prompt.Length..];
    }
}
