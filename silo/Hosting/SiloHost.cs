using System.Net.Sockets;
using Crescent.Grains;
using Crescent.Grains.Configuration;
using Crescent.Grains.Models;
using Crescent.Grains.Streams;
using Crescent.Silo.Api;
using Crescent.Silo.Configuration;
using Crescent.Silo.Ops;
using Crescent.Silo.Planning;
using Crescent.Silo.Stores;
using Crescent.Silo.Telemetry;
using Crescent.Silo.Tools;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Crescent.Silo.Hosting;

/// <summary>
/// One silo in this process: the composition root. A front end has HTTP and no gateway, a device silo a gateway on the loopback address
/// and HTTP for those who run the cluster alone, where it is given an address; a silo that is both has both.
/// </summary>
public sealed class SiloHost : IAsyncDisposable
{
    /// <summary>Time beyond the drain that a stop may take before the process is ended hard.</summary>
    public static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(10);

    /// <summary>Time that a silo whose start failed has to leave the cluster.</summary>
    private static readonly TimeSpan LeaveTime = TimeSpan.FromSeconds(5);

    // A drain beyond what its own options allow is refused there.
    private const double MaxDrainSeconds = 3600;

    private readonly IHost _host;
    private readonly ModelCatalogue _models;
    private readonly IClusterStore _store;

    private SiloHost(SiloIdentity identity, IHost host, ModelCatalogue models, IClusterStore store, TimeSpan stopTimeout)
    {
        Identity = identity;
        _host = host;
        _models = models;
        _store = store;
        StopTimeout = stopTimeout;
    }

    /// <summary>Which silo it is.</summary>
    public SiloIdentity Identity { get; }

    /// <summary>Names of the models that the cluster serves.</summary>
    public string Model => NamesOf(_models);

    /// <summary>How long a stop may take.</summary>
    public TimeSpan StopTimeout { get; }

    /// <summary>Where its HTTP listens, once it runs; empty for a device silo.</summary>
    public IReadOnlyList<string> Urls => [.. Listening.Take(UserAddresses)];

    /// <summary>Where its HTTP for those who run the cluster listens, once it runs; empty where it has no address of its own.</summary>
    public IReadOnlyList<string> OpsUrls => [.. Listening.Skip(UserAddresses)];

    private int UserAddresses => Services.GetService<HttpOptions>()?.Addresses.Count() ?? 0;

    private ICollection<string> Listening => Services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];

    /// <summary>Its services.</summary>
    public IServiceProvider Services => _host.Services;

    /// <summary>
    /// Builds the silo and opens its models; nothing listens yet.
    /// </summary>
    /// <param name="configuration">Settings, from <see cref="Settings.Load"/>.</param>
    /// <param name="identity">Which silo it is.</param>
    /// <param name="configure">Changes the services last.</param>
    /// <exception cref="StartException">A setting is wrong, or a model cannot be used.</exception>
    public static SiloHost Build(IConfiguration configuration, SiloIdentity identity, Action<IServiceCollection>? configure = null)
    {
        var serving = Settings.Read<ServingOptions>(configuration);
        var http = Settings.Read<HttpOptions>(configuration);
        var limits = Settings.Read<GrammarOptions>(configuration).Limits;
        SiloNetwork.CheckExposure(Settings.Read<NetworkOptions>(configuration), AuthOptions.Read(configuration), identity);
        var store = ClusterStores.Create(Settings.Read<StoreOptions>(configuration), identity.ClusterId, identity.MembershipFile);
        var models = ModelFiles.Open(serving, limits);
        var stopTimeout = StopTime(configuration);
        var parts = new Parts(identity, serving, models, store, stopTimeout);
        var host = identity.IsFront
            ? BuildFront(configuration, parts, http, configure)
            : http.OpsUrls.Length > 0
                ? BuildAnsweringDevice(configuration, parts, http.WithOpsAlone(), configure)
                : BuildDevice(configuration, parts, configure);
        return new SiloHost(identity, host, models, store, stopTimeout);
    }

    /// <summary>How long the stop of a silo may take with these settings.</summary>
    public static TimeSpan StopTime(IConfiguration configuration)
    {
        var generation = Settings.Bind<GenerationOptions>(configuration, GenerationOptions.Section);
        return TimeSpan.FromSeconds(Math.Clamp(generation.DrainSeconds, 0, MaxDrainSeconds)) + StopMargin;
    }

    /// <summary>Waits until the store of the cluster is there, joins it and, as a front end, listens.</summary>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="StartException">A port is taken, or a setting wrong.</exception>
    public async Task Start(CancellationToken cancellationToken)
    {
        try
        {
            await StartOrLeave(cancellationToken);
        }
        catch (OptionsValidationException e)
        {
            throw new StartException(string.Join(Environment.NewLine, e.Failures), e);
        }
        catch (Exception e) when (e.InnerException is AddressInUseException || e is AddressInUseException)
        {
            throw new StartException($"{e.Message} Choose another with {Settings.Urls}.", e);
        }
        catch (Exception e) when (Find<SocketException>(e) is { SocketErrorCode: SocketError.AddressAlreadyInUse })
        {
            throw new StartException(
                $"Port {Identity.SiloPort} or {Identity.GatewayPort} is taken; choose others with {Settings.SiloPort} and "
                + $"{Settings.GatewayPort}.",
                e);
        }
    }

    /// <summary>Runs until the process is asked to end; then drains and stops.</summary>
    public Task WaitForShutdown() => _host.WaitForShutdownAsync();

    /// <summary>Asks it to end, as a signal does.</summary>
    public void RequestStop() => Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

    /// <summary>Drains and stops.</summary>
    public Task Stop() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (_host is IAsyncDisposable host)
        {
            await host.DisposeAsync();
        }
        else
        {
            _host.Dispose();
        }

        _models.Dispose();
        await _store.DisposeAsync();
    }

    /// <summary>
    /// What has started before something else failed, the silo among it, is stopped: it leaves the cluster instead of being declared dead, and nothing
    /// of it runs on while it is disposed of.
    /// </summary>
    private async Task StartOrLeave(CancellationToken cancellationToken)
    {
        try
        {
            if (Services.GetService<StartHealth>() is { } health)
            {
                await health.Listen(cancellationToken);
            }

            await Join(cancellationToken);
            await _host.StartAsync(cancellationToken);
        }
        catch
        {
            using var patience = new CancellationTokenSource(LeaveTime);
            try
            {
                await _host.StopAsync(patience.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or AggregateException or InvalidOperationException)
            {
                // What made the start fail is what the user hears of.
            }

            throw;
        }
    }

    // On one machine the supervisor knows which silos are dead.
    private async Task Join(CancellationToken cancellationToken)
    {
        if (_store is not FileStore)
        {
            var log = Services.GetRequiredService<ILoggerFactory>().CreateLogger<StoreWatch>();
            await StoreWatch.UntilThere(_store, Services.GetRequiredService<StoreState>(), log, cancellationToken);
            await Namesakes.DeclareDead(Services.GetRequiredService<IMembershipTable>(), Identity.Name, log, cancellationToken);
        }
    }

    private static WebApplication BuildFront(IConfiguration configuration, Parts parts, HttpOptions http, Action<IServiceCollection>? configure)
    {
        var builder = WebBuilder();
        Configure(builder, configuration, parts);
        var auth = AuthOptions.Read(configuration);
        auth.CheckExposure(Settings.Urls, http.Addresses);
        auth.CheckExposure(Settings.OpsUrls, http.OpsAddresses);
        auth.CheckOrigins(http);
        builder.AddHttpApi(http, auth, parts.Models);
        AnswerEarly(builder);
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapHttpApi();
        return app;
    }

    private static WebApplication BuildAnsweringDevice(IConfiguration configuration, Parts parts, HttpOptions http, Action<IServiceCollection>? configure)
    {
        var builder = WebBuilder();
        Configure(builder, configuration, parts);
        var auth = AuthOptions.Read(configuration);
        auth.CheckExposure(Settings.OpsUrls, http.OpsAddresses);
        builder.AddDeviceHttp(http, auth, parts.Identity.Name);
        AnswerEarly(builder);
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapDeviceHttp();
        return app;
    }

    // The last service: when its turn to start comes the silo has joined, and only the server is left.
    private static void AnswerEarly(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<StartHealth>();
        builder.Services.AddHostedService(static services => services.GetRequiredService<StartHealth>());
    }

    private static WebApplicationBuilder WebBuilder()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        return builder;
    }

    private static IHost BuildDevice(IConfiguration configuration, Parts parts, Action<IServiceCollection>? configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        Configure(builder, configuration, parts);
        builder.Services.AddDeviceMetrics(parts.Identity.Name);
        configure?.Invoke(builder.Services);
        return builder.Build();
    }

    private static void Configure(IHostApplicationBuilder builder, IConfiguration configuration, Parts parts)
    {
        var (identity, serving, models, store, stopTimeout) = parts;
        builder.Configuration.AddConfiguration(configuration);
        var cluster = Settings.Read<Configuration.ClusterOptions>(configuration);
        builder.Logging.AddConfiguration(configuration.GetSection("Logging"));
        builder.Logging.AddFilter(nameof(Crescent), cluster.LogLevel);
        var telemetry = Settings.Read<TelemetryOptions>(configuration);
        LogLine.Write(builder.Logging, telemetry.LogFormat);
        builder.AddTelemetry(telemetry, identity.Name, identity.RoleName, identity.ClusterId, cluster.Supervised && !identity.IsFront);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = stopTimeout);

        // The owner of the host disposes it, after the devices.
        builder.Services.AddSingleton(models);
        if (cluster.Supervised)
        {
            builder.Services.AddSingleton<IHostLifetime, SupervisedLifetime>();
        }

        builder.Services.AddAgentTools(Settings.Read<ToolOptions>(configuration));
        builder.Services.AddSingleton(StrategyFiles.Read(configuration));
        builder.Services.AddSingleton(store);
        builder.Services.AddSingleton(new StoreState(store.Where));
        if (store is not FileStore)
        {
            builder.Services.AddHostedService<StoreWatch>();
        }

        builder.Services.AddReplicaScale(configuration);
        builder.Services.AddSingleton<SiloLeaving>();
        builder.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static services => services.GetRequiredService<SiloLeaving>());
        builder.UseOrleans(silo =>
        {
            SiloNetwork.Configure(silo, Settings.Read<NetworkOptions>(configuration), identity);
            silo.Configure<SiloOptions>(options => options.SiloName = identity.Name);
            store.KeepMembership(silo);
            if (store is not FileStore)
            {
                PartingTable.PutBefore(silo.Services);
            }

            silo.Configure<Orleans.Configuration.ClusterOptions>(options =>
            {
                options.ClusterId = identity.ClusterId;
                options.ServiceId = Settings.Read<StoreOptions>(configuration).ServiceId;
            });
            store.KeepState(silo);
            silo.AddCrescent(new CrescentSiloOptions
            {
                Model = NamesOf(models),
                Models = models,
                Role = identity.RoleName,
                Node = configuration[Settings.Node.Key],
                Rack = configuration[Settings.Rack.Key],
                KeepsState = true,
                Devices = identity.HasDevices ? Devices.Plans(serving, models) : [],
            });
        });
    }

    /// <summary>What people are told that the cluster serves.</summary>
    internal static string NamesOf(ModelCatalogue models) => string.Join(", ", models.All.Select(static model => model.Name));

    /// <summary>What all forms of the host are made of.</summary>
    private sealed record Parts(SiloIdentity Identity, ServingOptions Serving, ModelCatalogue Models, IClusterStore Store, TimeSpan StopTimeout);

    private static T? Find<T>(Exception? exception) where T : Exception =>
        exception is null or T ? (T?)exception : Find<T>(exception.InnerException);
}
