using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Gpu;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Http;

/// <summary>POST and DELETE /v1/factory/devices/{silo}/{device}/drain: takes a device out of service, and back in.</summary>
internal static class DrainEndpoint
{
    private const string Route = "/v1/factory/devices/{silo}/{device}/drain";

    public static void MapDrain(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Route, static (string silo, string device, [FromServices] IGrainFactory grains, CancellationToken cancellationToken) =>
            Drain(silo, device, true, grains, cancellationToken));
        routes.MapDelete(Route, static (string silo, string device, [FromServices] IGrainFactory grains, CancellationToken cancellationToken) =>
            Drain(silo, device, false, grains, cancellationToken));
    }

    private static async Task<IResult> Drain(string silo, string device, bool drained, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var factory = await grains.GetGrain<IFactoryGrain>(0).GetSnapshot(cancellationToken);
        if (!factory.Devices.Any(known => known.Silo == silo && known.Device == device))
        {
            throw new ApiException(
                StatusCodes.Status404NotFound,
                ApiException.InvalidRequest,
                $"The factory has no device '{silo}/{device}'; it has {string.Join(", ", factory.Devices.Take(20).Select(static known => $"{known.Silo}/{known.Device}"))}.",
                "device",
                "device_not_found");
        }

        await grains.GetGrain<IGpuGrain>(new DeviceKey(silo, device).ToString()).Drain(drained).WaitAsync(cancellationToken);
        return Results.NoContent();
    }
}
