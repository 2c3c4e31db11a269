using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Api.Factory;

/// <summary>GET /v1/factory: silos and devices as this front end sees them.</summary>
internal static class FactoryEndpoint
{
    public static void MapFactory(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/factory", async ([FromServices] IGrainFactory grains, CancellationToken cancellationToken) =>
            Results.Json(await grains.GetGrain<IFactoryGrain>(0).GetSnapshot(cancellationToken), ApiJson.Readable.FactorySnapshot)).ForReaders();
}
