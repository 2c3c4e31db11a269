using Crescent.Grains.Contracts.Planning;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Api.Factory;

/// <summary>GET /v1/factory/planner: how many device replicas there are, how many there should be, and why.</summary>
internal static class PlannerEndpoint
{
    public static void MapPlanner(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v1/factory/planner", async ([FromServices] IGrainFactory grains, CancellationToken cancellationToken) =>
            Results.Json(await grains.GetGrain<IPlannerGrain>(0).GetPlan().WaitAsync(cancellationToken), ApiJson.Readable.PlannerSnapshot)).ForReaders();
}
