using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Api.Factory;

/// <summary>POST and DELETE /v1/factory/devices/{silo}/{device}/drain: takes a device out of service, and back in.</summary>
internal static class DrainEndpoint
{
    private const string Route = "/v1/factory/devices/{silo}/{device}/drain";

    public static void MapDrain(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Route, static (string silo, string device, [FromServices] IGrainFactory grains, CancellationToken cancellationToken) =>
            Drain(silo, device, true, grains, cancellationToken)).ForAdmins();
        routes.MapDelete(Route, static (string silo, string device, [FromServices] IGrainFactory grains, CancellationToken cancellationToken) =>
            Drain(silo, device, false, grains, cancellationToken)).ForAdmins();
    }

    private static async Task<IResult> Drain(string silo, string device, bool drained, IGrainFactory grains, CancellationToken cancellationToken)
    {
        try
        {
            await grains.GetGrain<IFactoryGrain>(0).Drain(Key(silo, device), drained, cancellationToken);
            return Results.NoContent();
        }
        catch (ArgumentException e)
        {
            throw new ApiException(StatusCodes.Status404NotFound, ApiException.InvalidRequest, e.Message, "device", "device_not_found");
        }
    }

    /// <summary><c>silo/device</c>. Of all that a path encodes, only a slash is left so: a device's name may have one.</summary>
    internal static string Key(string silo, string device) => $"{silo}/{device.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)}";
}
