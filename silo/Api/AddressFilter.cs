using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;
using Crescent.Silo.Identity;

namespace Crescent.Silo.Api;

/// <summary>Keeps what belongs to those who run the cluster on their address, where it has one, and the rest off it.</summary>
internal sealed class AddressFilter(RequestDelegate next, OpsAddress ops)
{
    public Task InvokeAsync(HttpContext http)
    {
        if (!ops.HasOwn || http.GetEndpoint() is not RouteEndpoint endpoint)
        {
            return next(http);
        }

        // A supervisor asks by the address that it knows.
        var isHere = endpoint.Metadata.GetMetadata<ServedOnMetadata>()?.On switch
        {
            ServedOn.Both => true,
            ServedOn.Ops => ops.Has(http) || Caller.Of(http).Tenant == ProcessKey.Tenant,
            _ => !ops.Has(http),
        };
        return isHere ? next(http) : throw new ApiException(
            StatusCodes.Status404NotFound,
            ApiException.InvalidRequest,
            $"{http.Request.Path} is not on this address; {Settings.OpsUrls.Option} and {Settings.Urls.Option} part them.",
            code: "unknown_url");
    }
}
