using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;

namespace Crescent.Silo.Ops;

/// <summary>GET /version.</summary>
internal static class VersionEndpoint
{
    public static void MapVersion(this IEndpointRouteBuilder routes) => routes.MapMethods("/version", [HttpMethods.Get, HttpMethods.Head], () => Results.Json(
        new VersionReport("Crescent", ProductVersion.Number, Environment.Version.ToString()), ApiJson.Readable.VersionReport)).ForAnyone();
}
