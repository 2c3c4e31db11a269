using System.Net;
using System.Net.Sockets;
using Crescent.Grains;
using Crescent.Grains.Configuration;
using Crescent.Grains.Membership;
using Crescent.Grains.Models;
using Crescent.Grains.Streams;
using Crescent.Silo.Api;
using Crescent.Silo.Configuration;
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

    private SiloHost(SiloIdentity identity, IHost host, ModelCatalogue models, TimeSpan stopTimeout)
    {
        Identity = identity;
        _host = host;
        _models = models;
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
        var models = ModelFiles.Open(serving, limits);
        var stopTimeout = StopTime(configuration);
        var host = identity.IsFront
            ? BuildFront(configuration, identity, serving, http, models, stopTimeout, configure)
            : http.OpsUrls.Length > 0
                ? BuildAnsweringDevice(configuration, identity, serving, http.WithOpsAlone(), models, stopTimeout, configure)
                : BuildDevice(configuration, identity, serving, models, stopTimeout, configure);
        return new SiloHost(identity, host, models, stopTimeout);
    }

    /// <summary>How long the stop of a silo may take with these settings.</summary>
    public static TimeSpan StopTime(IConfiguration configuration)
    {
        var generation = Settings.Bind<GenerationOptions>(configuration, GenerationOptions.Section);
        return TimeSpan.FromSeconds(Math.Clamp(generation.DrainSeconds, 0, MaxDrainSeconds)) + StopMargin;
    }

    /// <summary>Joins the cluster and, as a front end, listens.</summary>
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
                $"Port {Identity.SiloPort} or {Identity.GatewayPort} of 127.0.0.1 is taken; choose others with {Settings.SiloPort} and "
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
    }

    /// <summary>
    /// What has started before something else failed, the silo among it, is stopped: it leaves the cluster instead of being declared dead, and nothing
    /// of it runs on while it is disposed of.
    /// </summary>
    private async Task StartOrLeave(CancellationToken cancellationToken)
    {
        try
        {
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

    private static WebApplication BuildFront(
        IConfiguration configuration,
        SiloIdentity identity,
        ServingOptions serving,
        HttpOptions http,
        ModelCatalogue models,
        TimeSpan stopTimeout,
        Action<IServiceCollection>? configure)
    {
        var builder = WebBuilder();
        Configure(builder, configuration, identity, serving, models, stopTimeout);
        var auth = AuthOptions.Read(configuration);
        auth.CheckExposure(Settings.Urls, http.Addresses);
        auth.CheckExposure(Settings.OpsUrls, http.OpsAddresses);
        auth.CheckOrigins(http);
        builder.AddHttpApi(http, auth, models);
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapHttpApi();
        return app;
    }

    private static WebApplication BuildAnsweringDevice(
        IConfiguration configuration,
        SiloIdentity identity,
        ServingOptions serving,
        HttpOptions http,
        ModelCatalogue models,
        TimeSpan stopTimeout,
        Action<IServiceCollection>? configure)
    {
        var builder = WebBuilder();
        Configure(builder, configuration, identity, serving, models, stopTimeout);
        var auth = AuthOptions.Read(configuration);
        auth.CheckExposure(Settings.OpsUrls, http.OpsAddresses);
        builder.AddDeviceHttp(http, auth, identity.Name);
        configure?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapDeviceHttp();
        return app;
    }

    private static WebApplicationBuilder WebBuilder()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore();
        return builder;
    }

    private static IHost BuildDevice(
        IConfiguration configuration,
        SiloIdentity identity,
        ServingOptions serving,
        ModelCatalogue models,
        TimeSpan stopTimeout,
        Action<IServiceCollection>? configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ContentRootPath = AppContext.BaseDirectory });
        Configure(builder, configuration, identity, serving, models, stopTimeout);
        configure?.Invoke(builder.Services);
        return builder.Build();
    }

    private static void Configure(
        IHostApplicationBuilder builder,
        IConfiguration configuration,
        SiloIdentity identity,
        ServingOptions serving,
        ModelCatalogue models,
        TimeSpan stopTimeout)
    {
        builder.Configuration.AddConfiguration(configuration);
        var cluster = Settings.Read<Configuration.ClusterOptions>(configuration);
        builder.Logging.AddConfiguration(configuration.GetSection("Logging"));
        builder.Logging.AddFilter(nameof(Crescent), cluster.LogLevel);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = LogLine.TimestampFormat;
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = stopTimeout);

        // The owner of the host disposes it, after the devices.
        builder.Services.AddSingleton(models);
        if (cluster.Supervised)
        {
            builder.Services.AddSingleton<IHostLifetime, SupervisedLifetime>();
        }

        builder.Services.AddAgentTools(Settings.Read<ToolOptions>(configuration));
        builder.Services.AddSingleton(StrategyFiles.Read(configuration));
        builder.UseOrleans(silo =>
        {
            silo.ConfigureEndpoints(IPAddress.Loopback, identity.SiloPort, identity.GatewayPort);
            silo.Configure<SiloOptions>(options => options.SiloName = identity.Name);
            silo.UseFileMembership(identity.MembershipFile, identity.ClusterId);
            silo.AddCrescent(new CrescentSiloOptions
            {
                Model = NamesOf(models),
                Models = models,
                Role = identity.RoleName,
                Node = configuration[Settings.Node.Key],
                Rack = configuration[Settings.Rack.Key],
                StateFolder = Path.Combine(Path.GetDirectoryName(identity.MembershipFile)!, "state"),
                Devices = identity.HasDevices ? Devices.Plans(serving, models) : [],
            });
        });
    }

    /// <summary>What people are told that the cluster serves.</summary>
    internal static string NamesOf(ModelCatalogue models) => string.Join(", ", models.All.Select(static model => model.Name));

    private static T? Find<T>(Exception? exception) where T : Exception =>
        exception is null or T ? (T?)exception : Find<T>(exception.InnerException);
}
