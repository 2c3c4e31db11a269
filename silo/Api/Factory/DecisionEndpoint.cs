using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Api.Factory;

/// <summary>GET /v1/factory/decisions/{requestId}: why a request went where it went, asked of all silos.</summary>
internal static class DecisionEndpoint
{
    public static void MapDecisions(this IEndpointRouteBuilder routes) => routes.MapGet("/v1/factory/decisions/{requestId}", Answer).ForAdmins();

    private static async Task<IResult> Answer(string requestId, [FromServices] IGrainFactory grains, CancellationToken cancellationToken)
    {
        var answer = await grains.GetGrain<IFactoryGrain>(0).GetDecisions(requestId, cancellationToken);
        if (answer.Decisions.Count > 0)
        {
            return Results.Json(answer, ApiJson.Readable.DecisionAnswer);
        }

        var silent = answer.Silent.Count == 0 ? "" : $" These did not answer: {string.Join(", ", answer.Silent)}.";
        throw new ApiException(
            StatusCodes.Status404NotFound,
            ApiException.InvalidRequest,
            $"No decision about '{requestId}' is remembered: each front end keeps its last {DecisionAnswer.Kept}, by the `id` of the completion.{silent}",
            "request_id",
            "decision_not_found");
    }
}
