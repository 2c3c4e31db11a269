using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Models;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Api.Factory;

/// <summary>POST /v1/factory/devices/{silo}/{device}/model: lets a device serve another model, by <c>{"model": NAME, "drain_seconds": 60}</c>.</summary>
internal static class DeviceModelEndpoint
{
    private const double DefaultDrainSeconds = 60;
    private const double MaxDrainSeconds = 3600;

    public static void MapDeviceModel(this IEndpointRouteBuilder routes) => routes.MapPost("/v1/factory/devices/{silo}/{device}/model", Load).ForAdmins();

    private static async Task<IResult> Load(HttpContext http, string silo, string device, ModelCatalogue models, [FromServices] IGrainFactory grains)
    {
        using var document = await RequestBody.Read(http.Request, http.RequestAborted);
        var body = new RequestFields(document.RootElement);
        var name = body.Text("model") ?? throw ApiException.Missing("model");
        var seconds = body.Number("drain_seconds", 0, MaxDrainSeconds) ?? DefaultDrainSeconds;
        body.RefuseUnread("model, drain_seconds");
        var model = models.Find(name) ?? throw ApiException.ModelNotFound(name, models.Names);
        try
        {
            await grains.GetGrain<IFactoryGrain>(0).LoadModel(DrainEndpoint.Key(silo, device), model.Id, seconds, http.RequestAborted);
        }
        catch (ArgumentException e) when (e.ParamName == "device")
        {
            throw DrainEndpoint.NotFound(e);
        }
        catch (ArgumentException e)
        {
            throw ApiException.InvalidValue("model", e.Plain());
        }

        return Results.StatusCode(StatusCodes.Status202Accepted);
    }
}
