using Crescent.Agents.Strategies;
using Crescent.Control.Health;
using Crescent.Grains.Agents;
using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Gossip;
using Crescent.Grains.Gpu;
using Crescent.Grains.Kept;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Planning;
using Crescent.Grains.Power;
using Crescent.Grains.Requests;
using Crescent.Grains.Storage;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Turns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Runtime.Hosting;

namespace Crescent.Grains;

/// <summary>Makes an Orleans silo a part of an AI factory.</summary>
public static class CrescentSiloExtensions
{
    /// <summary>
    /// Adds everything a silo of Crescent needs: device grains and their engines, placement, telemetry, token routing and
    /// <see cref="IGenerationService"/>. Membership is the caller's choice (<see cref="Membership.FileMembershipExtensions"/> on one
    /// machine), and so is the silo's name, which must be the same after a restart. The chat grain works where
    /// <see cref="CrescentSiloOptions.Models"/> are told. Options come from the
    /// configuration sections <see cref="PlacementOptions.Section"/> and <see cref="GenerationOptions.Section"/>; wrong ones fail the
    /// start. The host's shutdown timeout must be above <see cref="GenerationOptions.DrainSeconds"/>.
    /// </summary>
    public static ISiloBuilder AddCrescent(this ISiloBuilder builder, CrescentSiloOptions options)
    {
        var services = builder.Services;
        services.AddSingleton(options);
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<FactoryMetrics>();
        services.AddSingleton<IStreamCounts>(static provider => provider.GetRequiredService<FactoryMetrics>());

        services.AddOptions<PlacementOptions>().BindConfiguration(PlacementOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PlacementOptions>, PlacementOptionsValidator>();
        services.AddTransient<PrefixOverlap>();
        services.AddSingleton(static s => s.GetRequiredService<IOptions<PlacementOptions>>().Value.CreatePolicy());
        services.AddSingleton<PlacementLedger>();
        services.AddSingleton<IDeviceReports>(static provider => provider.GetRequiredService<PlacementLedger>());
        builder.AddGrainDirectory(NoDirectory.Name, static (_, _) => new NoDirectory());
        builder.AddPlacementDirector<ScoredPlacement, ScoredPlacementDirector>();
        builder.AddPlacementDirector<SiloPinnedPlacement, SiloPinnedPlacementDirector>();
        builder.AddPlacementDirector<FrontPlacement, FrontPlacementDirector>();

        services.AddOptions<PowerOptions>().BindConfiguration(PowerOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PowerOptions>, PowerOptionsValidator>();
        services.AddSingleton<PowerDesk>();
        services.AddSingleton<IPowerWord>(static provider => provider.GetRequiredService<PowerDesk>());
        services.AddSingleton<IPowerStand>(static provider => provider.GetRequiredService<PowerDesk>());
        services.AddSingleton<PowerLevels>();
        services.AddSingleton<BatchGate>();

        services.AddOptions<PlannerOptions>().BindConfiguration(PlannerOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<PlannerOptions>, PlannerOptionsValidator>();
        services.TryAddSingleton<PlannerDesk>();
        services.TryAddSingleton<IReplicaScale, SilosAsReplicas>();
        services.AddHostedService<PlannerWatch>();

        services.AddOptions<HealthOptions>().BindConfiguration(HealthOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<HealthOptions>, HealthOptionsValidator>();
        services.AddSingleton<DeviceOpener>();
        services.AddSingleton<DeviceRegistry>();
        services.AddSingleton<DeviceDoor>();
        services.AddSingleton<DeviceKeeper>();
        services.AddSingleton<TokenRouter>();
        services.AddSingleton<SiloRoles>();
        services.AddSingleton<IKvDumpSource, GrainKvDumpSource>();
        services.AddSingleton<KvIndexFeed>();
        services.AddSingleton<IKvIndexState>(static provider => provider.GetRequiredService<KvIndexFeed>());
        services.AddSingleton<ITelemetryClient, TelemetryClient>();
        builder.AddGrainService<TelemetryService>();

        services.AddOptions<GenerationOptions>().BindConfiguration(GenerationOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GenerationOptions>, GenerationOptionsValidator>();
        services.AddSingleton<EnergyAccounts>();
        services.TryAddSingleton(static _ => new TextWork());
        services.AddSingleton<DeviceSilence>();
        services.AddSingleton<StreamStarter>();
        services.AddSingleton<IGenerationService, GenerationService>();
        services.TryAddSingleton<RequestDesk>();
        services.AddOptions<KeptOptions>().BindConfiguration(KeptOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<KeptOptions>, KeptOptionsValidator>();
        services.AddSingleton<KeptStore>();
        services.AddSingleton<KeptHomes>();
        services.AddSingleton<IKeptAnswers, KeptDesk>();
        services.AddSingleton<ITurnStore, TurnStore>();
        services.AddSingleton<StreamMoves>();
        services.AddSingleton<StreamWatch>();
        services.AddHostedService<SiloDrain>();
        services.AddHostedService(static s => s.GetRequiredService<DeviceKeeper>());
        services.AddHostedService(static s => s.GetRequiredService<StreamWatch>());
        services.AddHostedService(static s => s.GetRequiredService<StreamMoves>());
        services.AddHostedService<KeptWatch>();
        services.AddHostedService<MembershipWatch>();
        services.AddHostedService<KvEventSender>();
        AddAgents(builder, options);
        return builder;
    }

    private static void AddAgents(ISiloBuilder builder, CrescentSiloOptions options)
    {
        var services = builder.Services;
        if (!options.KeepsState)
        {
            builder.AddMemoryGrainStorage(CrescentStorage.Name);
        }

        // Queue and subscriptions are in memory: the task's own log is what lasts. One queue, which is asked a few times a second.
        builder.AddMemoryGrainStorage("PubSubStore");
        builder.AddMemoryStreams(AgentStreams.Provider, static streams =>
        {
            streams.ConfigurePartitioning(1);
            streams.ConfigurePullingAgent(static agent => agent.Configure(static o => o.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(250)));
        });
        services.AddOptions<AgentOptions>().BindConfiguration(AgentOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<AgentOptions>, AgentOptionsValidator>();
        services.TryAddSingleton<StrategyCatalogue>();
        services.AddSingleton<AgentTools>();
        services.TryAddSingleton<AgentMetrics>();
        services.AddSingleton<StepRunner>();
        services.AddHostedService<AgentWatch>();
    }
}
