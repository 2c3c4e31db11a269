using Crescent.Grains.Agents;
using Crescent.Grains.Models;
using Crescent.Grains.Planning;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Agents;
using Crescent.Silo.Api.Factory;
using Crescent.Silo.Api.Messages;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Responses;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Crescent.Silo.Ops;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Net.Http.Headers;

namespace Crescent.Silo.Api;

/// <summary>The HTTP front end: what it needs, and where it answers.</summary>
internal static class HttpApi
{
    /// <summary>
    /// Bytes of a connection that are received before anybody reads them. Bodies that find no room are not read: at ASP.NET's megabyte each they would fill
    /// the memory all the same.
    /// </summary>
    private const int MaxUnreadBytes = 1 << 17;

    private static readonly TimeSpan PreflightAge = TimeSpan.FromMinutes(10);

    /// <summary>Adds its services and limits.</summary>
    public static void AddHttpApi(this WebApplicationBuilder builder, HttpOptions options, AuthOptions auth, ModelCatalogue models)
    {
        builder.WebHost.UseUrls(options.AllUrls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxRequestBufferSize = MaxUnreadBytes;
        });
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(models);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddIdentity(auth);
        builder.Services.TryAddSingleton<RequestDesk>();
        builder.Services.AddSingleton<HostNames>();
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. options.Origins])
            .WithMethods(HttpMethods.Get, HttpMethods.Post, HttpMethods.Put, HttpMethods.Delete)
            .AllowAnyHeader()
            .WithExposedHeaders([HeaderNames.RetryAfter, HeaderNames.WWWAuthenticate, IdempotencyGuard.ReplayedHeader, RequestIds.Header, RequestIds.MessageHeader, .. RateHeaders.Names])
            .SetPreflightMaxAge(PreflightAge)));
        builder.Services.AddSingleton<IgnoredFields>();
        builder.Services.AddSingleton<RetryAdvice>();
        builder.Services.AddSingleton<RequestGate>();
        builder.Services.AddSingleton<WorkBudget>();
        builder.Services.AddSingleton<TenantQuotas>();
        builder.Services.TryAddSingleton<EnergyAccounts>();
        builder.Services.TryAddSingleton(static _ => new TextWork());
        builder.Services.TryAddSingleton<AgentMetrics>();
        builder.Services.TryAddSingleton<PlannerDesk>();
        builder.Services.AddSingleton<ServingMetrics>();
        builder.Services.AddHostedService(services => services.GetRequiredService<RequestGate>());
        builder.Services.AddSingleton<WarmUp>();
        builder.Services.AddHostedService(services => services.GetRequiredService<WarmUp>());
    }

    /// <summary>Maps what is for those who run the cluster.</summary>
    internal static void MapOps(this WebApplication app)
    {
        var ops = app.MapGroup("").On(ServedOn.Ops);
        ops.MapFactory();
        ops.MapDrain();
        ops.MapDeviceModel();
        ops.MapPower();
        ops.MapPlanner();
        ops.MapDecisions();
        ops.MapServingMetrics();
    }

    /// <summary>Maps the endpoints.</summary>
    public static void MapHttpApi(this WebApplication app)
    {
        app.UseMiddleware<RequestIds>();
        app.UseMiddleware<RequestSpans>();
        app.UseMiddleware<ErrorAnswers>();
        app.UseMiddleware<HostFilter>();
        app.UseRouting();
        if (app.Services.GetRequiredService<HttpOptions>().Origins.Count > 0)
        {
            app.UseCors();
        }

        app.UseMiddleware<ForeignPages>();
        app.UseAuthentication();
        app.UseAuthorization();
        app.UseMiddleware<AddressFilter>();
        var quotas = app.Services.GetRequiredService<TenantQuotas>();
        app.Services.GetRequiredService<EnergyAccounts>().Charged += quotas.Charge;
        var timed = app.MapGroup("").AddEndpointFilter<RouteGroupBuilder, RequestTime>().AddEndpointFilter<RouteGroupBuilder, BodyGuard>();

        // A chat with a strategy is answered before the guards of a completion: its key is the task's, and it is let in by itself.
        Guarded(timed.MapGroup("").AddEndpointFilter<RouteGroupBuilder, AgentChat>()).MapChat();
        Guarded(timed.MapGroup("")).MapCompletion();
        Guarded(timed.MapGroup("")).MapMessages();
        Guarded(timed.MapGroup("")).MapResponses();
        timed.MapGroup("").AddEndpointFilter<RouteGroupBuilder, CompletionGuard>().MapEmbeddings();
        timed.MapTokenizer();
        timed.MapMessageCount();
        timed.MapResponseCount();
        timed.MapAgentSubmission();
        app.MapKeptResponses();
        app.MapAgents();
        app.MapModels();
        app.MapOps();
        var both = app.MapGroup("").On(ServedOn.Both);
        both.MapHealth();
        both.MapVersion();
    }

    private static RouteGroupBuilder Guarded(RouteGroupBuilder completions) =>
        completions.AddEndpointFilter<RouteGroupBuilder, IdempotencyGuard>().AddEndpointFilter<RouteGroupBuilder, CompletionGuard>();
}
