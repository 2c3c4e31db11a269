using System.Diagnostics;
using Crescent.Grains.Tracing;

namespace Crescent.Silo.Ops;

/// <summary>The span of a request that makes calls, under that of its caller where it names one (<c>traceparent</c>). All that it makes is below.</summary>
internal sealed class RequestSpans(RequestDelegate next)
{
    /// <summary>What is traced: what makes calls.</summary>
    private static readonly string[] Traced = ["/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/agents", "/v1/messages", "/v1/responses"];

    /// <summary>The span that what a request makes is a part of, as <see cref="TraceParent"/>; null where this silo traces nothing.</summary>
    public static string? ParentOf(HttpContext http) => Spans.IsListened ? TraceParent.Of(http.Features.Get<Activity>()) : null;

    public Task InvokeAsync(HttpContext http) =>
        Spans.IsListened && HttpMethods.IsPost(http.Request.Method) && Array.Exists(Traced, path => http.Request.Path.Equals(path, StringComparison.OrdinalIgnoreCase))
            ? Trace(http)
            : next(http);

    private async Task Trace(HttpContext http)
    {
        var request = http.Request;
        ActivityContext.TryParse(request.Headers.TraceParent, request.Headers.TraceState, isRemote: true, out var parent);
        if (Spans.Begin($"{request.Method} {request.Path}", ActivityKind.Server, parent) is not { } span)
        {
            await next(http);
            return;
        }

        span.SetTag(SemanticNames.HttpMethod, request.Method)
            .SetTag(SemanticNames.HttpRoute, request.Path.Value)
            .SetTag(SemanticNames.UrlPath, request.Path.Value)
            .SetTag(SpanNames.RequestId, http.TraceIdentifier);
        http.Features.Set(span);

        // What is logged meanwhile has its id. It lasts no longer than this method.
        Activity.Current = span;
        try
        {
            await next(http);
        }
        finally
        {
            var status = http.Response.StatusCode;
            span.SetTag(SemanticNames.HttpStatus, status);
            if (http.RequestAborted.IsCancellationRequested)
            {
                span.SetTag(SemanticNames.ErrorType, "client_left");
            }
            else if (status >= StatusCodes.Status500InternalServerError)
            {
                span.SetTag(SemanticNames.ErrorType, $"{status}").SetStatus(ActivityStatusCode.Error);
            }

            Spans.End(span);
        }
    }
}
