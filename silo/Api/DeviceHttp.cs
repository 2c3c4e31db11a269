using System.Diagnostics.Metrics;
using Crescent.Grains.Agents;
using Crescent.Grains.Metrics;
using Crescent.Grains.Models;
using Crescent.Grains.Planning;
using Crescent.Grains.Streams;
using Crescent.Grains.Telemetry;
using Crescent.Silo.Admission;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Crescent.Silo.Ops;
using Crescent.Silo.Stores;

namespace Crescent.Silo.Api;

/// <summary>The HTTP of a device silo, for those who run the cluster alone: how it is, its devices' metrics, the factory and what admins do.</summary>
internal static class DeviceHttp
{
    /// <summary>Adds its services and limits.</summary>
    /// <param name="builder">Of the silo.</param>
    /// <param name="options">Its addresses: those for users are none.</param>
    /// <param name="auth">Who is asked.</param>
    /// <param name="silo">Its name.</param>
    public static void AddDeviceHttp(this WebApplicationBuilder builder, HttpOptions options, AuthOptions auth, string silo)
    {
        builder.WebHost.UseUrls(options.AllUrls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
        });
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddIdentity(auth);
        builder.Services.AddSingleton<HostNames>();
        builder.Services.AddSingleton<RetryAdvice>();
        builder.Services.AddDeviceMetrics(silo);
        builder.Services.AddSingleton(services => new DeviceHealth(silo, services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<IHostApplicationLifetime>(), services.GetRequiredService<StoreState>()));
    }

    /// <summary>Adds the metrics of a silo that is no front end.</summary>
    public static void AddDeviceMetrics(this IServiceCollection services, string silo) => services.AddSingleton(provider => new ServingMetrics(
        new SiloReports(provider.GetRequiredService<IDeviceReports>(), silo),
        provider.GetRequiredService<IKvIndexState>(),
        provider.GetRequiredService<IStreamCounts>(),
        provider.GetRequiredService<IPowerStand>(),
        provider.GetRequiredService<PlannerDesk>(),
        provider.GetRequiredService<EnergyAccounts>(),
        provider.GetRequiredService<AgentMetrics>(),
        provider.GetRequiredService<ModelCatalogue>(),
        provider.GetRequiredService<StoreState>(),
        provider.GetRequiredService<IMeterFactory>(),
        provider.GetRequiredService<TimeProvider>()));

    /// <summary>Maps the endpoints.</summary>
    public static void MapDeviceHttp(this WebApplication app)
    {
        app.UseMiddleware<RequestIds>();
        app.UseMiddleware<ErrorAnswers>();
        app.UseMiddleware<HostFilter>();
        app.UseRouting();
        app.UseMiddleware<ForeignPages>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseMiddleware<AddressFilter>();
        app.MapOps();
        var both = app.MapGroup("").On(ServedOn.Both);
        both.MapDeviceHealth();
        both.MapVersion();
    }
}
