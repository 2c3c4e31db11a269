using Crescent.Silo.Api.Wire;
using Microsoft.Net.Http.Headers;

namespace Crescent.Silo.Api;

/// <summary>
/// Refuses requests that change something and that a page of any site could make a browser send without asking first: those that say neither that their
/// body is JSON nor anything else that such a page cannot say.
/// </summary>
internal sealed class ForeignPages(RequestDelegate next)
{
    /// <summary>The header that stands for a body where there is none; any value.</summary>
    public const string Header = "X-Crescent-Request";

    public Task InvokeAsync(HttpContext http)
    {
        var request = http.Request;
        return http.GetEndpoint() is not RouteEndpoint
            || HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method) || HttpMethods.IsOptions(request.Method)
            || RequestBody.IsJson(request)
            || request.Headers.ContainsKey(Header) || request.Headers.ContainsKey(HeaderNames.Authorization)
            ? next(http)
            : throw new ApiException(
                StatusCodes.Status415UnsupportedMediaType,
                ApiException.InvalidRequest,
                $"Send 'Content-Type: application/json', or '{Header}: 1' where there is no body: without either, any web page could have sent this.",
                HeaderNames.ContentType,
                "unsupported_media_type");
    }
}
