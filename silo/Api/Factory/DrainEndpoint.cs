using System.Text;
using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;

namespace Crescent.Silo.Api.Factory;

/// <summary>POST and DELETE /v1/factory/devices/{silo}/{device}/drain: takes a device out of service, and back in.</summary>
internal static class DrainEndpoint
{
    /// <summary>Bytes of an empty body, with white space.</summary>
    private const int MaxBody = 64;

    private const string Route = "/v1/factory/devices/{silo}/{device}/drain";

    public static void MapDrain(this IEndpointRouteBuilder routes)
    {
        routes.MapPost(Route, static (HttpContext http, string silo, string device, [FromServices] IGrainFactory grains) =>
            Drain(http, silo, device, true, grains)).ForAdmins();
        routes.MapDelete(Route, static (HttpContext http, string silo, string device, [FromServices] IGrainFactory grains) =>
            Drain(http, silo, device, false, grains)).ForAdmins();
    }

    private static async Task<IResult> Drain(HttpContext http, string silo, string device, bool drained, IGrainFactory grains)
    {
        await RefuseBody(http);
        try
        {
            await grains.GetGrain<IFactoryGrain>(0).Drain(Key(silo, device), drained, http.RequestAborted);
            return Results.NoContent();
        }
        catch (ArgumentException e)
        {
            throw NotFound(e);
        }
    }

    /// <summary>404: there is no such device, as the message says.</summary>
    internal static ApiException NotFound(ArgumentException fault) =>
        new(StatusCodes.Status404NotFound, ApiException.InvalidRequest, fault.Plain(), "device", "device_not_found");

    /// <summary>What is to be done stands in method and path; what somebody says in a body is not done, but an empty object says nothing.</summary>
    private static async Task RefuseBody(HttpContext http)
    {
        if (!http.Features.GetRequiredFeature<IHttpRequestBodyDetectionFeature>().CanHaveBody)
        {
            return;
        }

        var body = new byte[MaxBody + 1];
        var length = await http.Request.Body.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, http.RequestAborted);
        if (length > MaxBody || Encoding.UTF8.GetString(body, 0, length).Where(static c => !char.IsWhiteSpace(c)).ToArray() is not ([] or ['{', '}']))
        {
            throw new ApiException(
                StatusCodes.Status400BadRequest, ApiException.InvalidRequest, "This takes no body: POST takes the device out of service, DELETE puts it back.", code: "invalid_body");
        }
    }

    /// <summary><c>silo/device</c>. Of all that a path encodes, only a slash is left so: a device's name may have one.</summary>
    internal static string Key(string silo, string device) => $"{silo}/{device.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)}";
}
