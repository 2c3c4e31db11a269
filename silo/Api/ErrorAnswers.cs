using Crescent.Engine.Scheduling;
using Crescent.Grains.Requests;
using Crescent.Grains.Streams;
using Crescent.Silo.Admission;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Identity;
using Crescent.Silo.Ops;
using Crescent.Silo.Stores;
using Microsoft.Net.Http.Headers;

namespace Crescent.Silo.Api;

/// <summary>Turns what goes wrong into the error object of the dialect, OpenAI's where there is none: as the answer, or as the last event of a stream that has begun.</summary>
internal sealed partial class ErrorAnswers(RequestDelegate next, RetryAdvice advice, ILogger<ErrorAnswers> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            await next(http);
            if (!http.Response.HasStarted && http.Response.ContentType is null && Missing(http) is { } missing)
            {
                await Answer(http, missing);
            }
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            LogLeft(http.Request.Path);
        }
        catch (Exception exception)
        {
            var error = Translate(exception);
            var retryAfter = error.RetryAfter is { } least && !error.IsOfCaller ? Later(least, advice.Refused()) : error.RetryAfter;
            if (error.Status == StatusCodes.Status500InternalServerError)
            {
                LogFailed(exception, http.Request.Path);
            }
            else
            {
                LogRefused(http.Request.Path, error.Status, error.Code, error.Parameter);
            }

            await Answer(http, error, retryAfter);
        }
    }

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static ApiException Translate(Exception exception) => exception switch
    {
        ApiException error => error,
        RequestFaultException fault => ApiException.Of(fault),
        RequestRefusedException { Reason: RefusalReason.TooLong } e => ApiException.ContextLength("max_tokens", e.Message),
        RequestRefusedException { Reason: RefusalReason.Overloaded } e => ApiException.Overloaded(e.Message, e.RetryAfter),
        RequestRefusedException { Reason: RefusalReason.Stopping or RefusalReason.Deferred or RefusalReason.Unavailable } e => ApiException.Unavailable(e.Message, e.RetryAfter),
        RequestRefusedException e => new ApiException(StatusCodes.Status400BadRequest, ApiException.InvalidRequest, e.Message, code: "invalid_value"),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } => ApiException.TooLarge("The body is longer than this server takes."),
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => new ApiException(
            StatusCodes.Status408RequestTimeout, ApiException.InvalidRequest, "The body came too slowly.", code: "request_timeout"),
        BadHttpRequestException => ApiException.Unreadable(),
        GenerationFailedException e => ApiException.Unavailable(e.Message),
        SiloUnavailableException or OrleansMessageRejectionException => ApiException.Unavailable("No device can be reached now."),
        StoreException or OrleansException { InnerException: StoreException } => ApiException.Unavailable("What keeps the state of agents cannot be reached now; calls of models do not need it."),
        DeadlineExceededException e => ApiException.DeadlineExceeded(e.Message),
        TimeoutException => ApiException.TimedOut("A device did not answer in time."),
        _ => new ApiException(StatusCodes.Status500InternalServerError, ApiException.ServerError, "The server failed; its log says how."),
    };

    private static ApiException? Missing(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => new ApiException(
            StatusCodes.Status404NotFound, ApiException.InvalidRequest, $"There is no {http.Request.Path} here.", code: "unknown_url"),
        StatusCodes.Status405MethodNotAllowed => new ApiException(
            StatusCodes.Status405MethodNotAllowed,
            ApiException.InvalidRequest,
            $"{http.Request.Path} does not take {http.Request.Method}.",
            code: "method_not_allowed"),
        StatusCodes.Status401Unauthorized => ApiException.Unknown(http.Request.Headers.Authorization.Count > 0 || http.Request.Headers.ContainsKey(KeyHandler.KeyHeader)),
        StatusCodes.Status403Forbidden => ApiException.Forbidden($"{http.Request.Method} {http.Request.Path} takes a key with the role admin."),
        _ => null,
    };

    private static async Task Answer(HttpContext http, ApiException error, TimeSpan? retryAfter = null)
    {
        var shape = http.GetEndpoint()?.Metadata.GetMetadata<IErrorShape>() ?? OpenAiErrors.Instance;
        var response = http.Response;
        if (!response.HasStarted)
        {
            Clear(response);
            response.StatusCode = error.Status;
            response.ContentType = "application/json; charset=utf-8";
            var body = shape.Body(error, http.TraceIdentifier);
            response.ContentLength = body.Length;
            response.Headers.RetryAfter = ApiException.HeaderOf(retryAfter);
            await response.Body.WriteAsync(body, http.RequestAborted);
        }
        else if (response.ContentType?.StartsWith(EventStream.ContentType, StringComparison.Ordinal) == true)
        {
            await EventStream.Write(response, shape.EventBody(error, http.TraceIdentifier, ApiException.SecondsOf(retryAfter)), shape.Event, http.RequestAborted);
        }
        else
        {
            http.Abort();
        }
    }

    // What was said of the caller or the address and not of the answer stays.
    private static void Clear(HttpResponse response)
    {
        var kept = response.Headers.Where(static h =>
            h.Key.Equals(RequestIds.Header, StringComparison.OrdinalIgnoreCase) || h.Key.Equals(RequestIds.MessageHeader, StringComparison.OrdinalIgnoreCase) || h.Key.Equals(HeaderNames.WWWAuthenticate, StringComparison.OrdinalIgnoreCase) || h.Key.Equals(HeaderNames.Allow, StringComparison.OrdinalIgnoreCase)).ToList();
        response.Clear();
        kept.ForEach(response.Headers.Add);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Path} failed.")]
    private partial void LogFailed(Exception exception, PathString path);

    // Not the message: it quotes what was sent.
    [LoggerMessage(Level = LogLevel.Debug, Message = "{Path} refused with {Status}: {Code} {Parameter}")]
    private partial void LogRefused(PathString path, int status, string? code, string? parameter);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Path}: the client left before the end.")]
    private partial void LogLeft(PathString path);
}
