using Crescent.Grains.Contracts.Power;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Mvc;
using System.Text.Json;

namespace Crescent.Silo.Api.Factory;

/// <summary>GET /v1/factory/power: budgets, caps and what is done to keep them. PUT replaces the budgets.</summary>
internal static class PowerEndpoint
{
    public static void MapPower(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/factory/power", async ([FromServices] IGrainFactory grains, CancellationToken cancellationToken) =>
            Results.Json(await grains.GetGrain<IPowerGrain>(0).GetPower(cancellationToken), ApiJson.Readable.PowerSnapshot)).ForReaders();
        routes.MapPut("/v1/factory/power", Put).ForAdmins();
    }

    private static async Task<IResult> Put(HttpContext http, [FromServices] IGrainFactory grains)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var budgets = Parse(new RequestFields(document.RootElement));
        try
        {
            return Results.Json(await grains.GetGrain<IPowerGrain>(0).SetBudgets(budgets, http.RequestAborted), ApiJson.Readable.PowerSnapshot);
        }
        catch (ArgumentException e)
        {
            throw new ApiException(StatusCodes.Status400BadRequest, ApiException.InvalidRequest, e.Plain(), code: "invalid_value");
        }
    }

    /// <summary>The budgets of a body. A field that is not known is an error: it would silently remove a budget.</summary>
    internal static PowerBudgetSettings Parse(RequestFields body)
    {
        var budgets = new PowerBudgetSettings
        {
            ClusterWatts = body.Number("cluster_watts", 1, 1e12),
            ClusterShare = body.Number("cluster_share", 0.001, 1),
            Racks = Map(body, "racks"),
            Nodes = Map(body, "nodes"),
            Devices = Map(body, "devices"),
        };
        return body.Unread.FirstOrDefault() is { } unknown
            ? throw ApiException.Unsupported(unknown, $"'{unknown}' is not known here; there are: cluster_watts, cluster_share, racks, nodes, devices.")
            : budgets;
    }

    private static Dictionary<string, double> Map(RequestFields body, string name)
    {
        var watts = new Dictionary<string, double>(StringComparer.Ordinal);
        if (body.Object(name) is { } map)
        {
            foreach (var (level, value) in map.Numbers(1, 1e12))
            {
                watts.Add(level, value ?? throw ApiException.InvalidType(map.Path(level), "watts", RequestFields.Kind(default(JsonElement))));
            }
        }

        return watts;
    }
}
