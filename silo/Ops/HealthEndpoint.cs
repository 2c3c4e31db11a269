using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Crescent.Silo.Stores;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Ops;

/// <summary>GET /health and /health/ready: 200 while a completion can be served, 503 with the reason otherwise. A store that is away is told of, and no reason: calls do not need it. GET /health/live: 200 while the process answers. GET /health/startup: 200 once it has joined; before that <see cref="StartHealth"/> answers both.</summary>
internal static class HealthEndpoint
{
    public const string Live = "/health/live";
    public const string Startup = "/health/startup";

    // Whoever only looks whether it is there asks by HEAD.
    private static readonly string[] Methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/health", Methods, Answer).ForAnyone();
        routes.MapMethods("/health/ready", Methods, Answer).ForAnyone();
        routes.MapStanding();
    }

    /// <summary>The same of a device silo.</summary>
    public static void MapDeviceHealth(this IEndpointRouteBuilder routes)
    {
        foreach (var path in new[] { "/health", "/health/ready" })
        {
            routes.MapMethods(path, Methods, static (DeviceHealth health, CancellationToken cancellationToken) => health.Answer(cancellationToken)).ForAnyone();
        }

        routes.MapStanding();
    }

    private static void MapStanding(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(Live, Methods, static () => Results.Text("live")).ForAnyone();
        routes.MapMethods(Startup, Methods, static () => Results.Text("joined")).ForAnyone();
    }

    private static async Task<IResult> Answer([FromServices] IGrainFactory grains, RequestGate gate, WarmUp warmUp, StoreState store, CancellationToken cancellationToken)
    {
        var factory = await grains.GetGrain<IFactoryGrain>(0).GetSnapshot(cancellationToken);
        var devices = factory.Devices.Count(d => !d.Draining);
        var status = gate.IsDraining ? "draining" : devices == 0 ? "no_devices" : warmUp.IsDone ? "ok" : "warming_up";
        return Results.Json(
            new HealthReport(status, factory.Model, factory.Silos.Count, devices, store.Fault),
            ApiJson.Readable.HealthReport,
            statusCode: status == "ok" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
