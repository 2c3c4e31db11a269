using Crescent.Silo.Api.Wire;
using Crescent.Silo.Configuration;

namespace Crescent.Silo.Api;

/// <summary>
/// Refuses requests that name another host than this one: a web page can have its own name resolve to this machine, and what it then sends, the browser takes
/// for its own site's.
/// </summary>
internal sealed class HostFilter(RequestDelegate next, HostNames names)
{
    public Task InvokeAsync(HttpContext http)
    {
        var host = http.Request.Host.Host;

        // Without a name it is no browser's: those of HTTP/1.0 have none.
        return host.Length == 0 || names.Allow(host) ? next(http) : throw new ApiException(
            StatusCodes.Status421MisdirectedRequest,
            ApiException.InvalidRequest,
            $"This server is not '{host}'; who runs it can add the name with {Settings.AllowedHosts.Option}.",
            "Host",
            "host_not_allowed");
    }
}
