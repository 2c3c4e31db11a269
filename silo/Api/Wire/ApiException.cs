using System.Globalization;
using Crescent.Grains.Requests;

namespace Crescent.Silo.Api.Wire;

/// <summary>A request that is answered with OpenAI's error object.</summary>
public sealed class ApiException : Exception
{
    /// <summary>OpenAI's type for what the caller did wrong.</summary>
    public const string InvalidRequest = "invalid_request_error";

    /// <summary>OpenAI's type for what went wrong here.</summary>
    public const string ServerError = "server_error";

    /// <summary>OpenAI's type for too many requests.</summary>
    public const string RateLimit = "rate_limit_error";

    public ApiException(int status, string type, string message, string? parameter = null, string? code = null, TimeSpan? retryAfter = null)
        : base(message)
    {
        Status = status;
        Type = type;
        Parameter = parameter;
        Code = code;
        RetryAfter = retryAfter;
    }

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    /// <summary>Kind of error, such as <see cref="InvalidRequest"/>.</summary>
    public string Type { get; }

    /// <summary>Path of the parameter at fault, such as <c>messages[0].role</c>.</summary>
    public string? Parameter { get; }

    /// <summary>For programs, such as <c>context_length_exceeded</c>.</summary>
    public string? Code { get; }

    /// <summary>Whether it is a matter of the caller alone, and says nothing of the load.</summary>
    public bool IsOfCaller { get; private init; }

    /// <summary>When to try again at the earliest.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>400: what is wrong with a request, in whatever dialect it came.</summary>
    public static ApiException Of(RequestFaultException fault) => new(
        StatusCodes.Status400BadRequest,
        InvalidRequest,
        fault.Message,
        fault.Field,
        fault.Kind switch
        {
            FaultKind.Missing => "missing_required_parameter",
            FaultKind.Type => "invalid_type",
            FaultKind.Unsupported => "unsupported_value",
            FaultKind.TooLong => "context_length_exceeded",
            _ => "invalid_value",
        });

    /// <summary>400: the value of a parameter is not one it takes.</summary>
    public static ApiException InvalidValue(string parameter, string message) =>
        new(StatusCodes.Status400BadRequest, InvalidRequest, message, parameter, "invalid_value");

    /// <summary>400: a parameter is not of its type.</summary>
    public static ApiException InvalidType(string parameter, string expected, string found) =>
        new(StatusCodes.Status400BadRequest, InvalidRequest, $"'{parameter}' must be {expected}, not {found}.", parameter, "invalid_type");

    /// <summary>400: a parameter is not there.</summary>
    public static ApiException Missing(string parameter) => new(
        StatusCodes.Status400BadRequest, InvalidRequest, $"'{parameter}' is missing.", parameter, "missing_required_parameter");

    /// <summary>400: a parameter asks for what this server does not do.</summary>
    public static ApiException Unsupported(string parameter, string message) =>
        new(StatusCodes.Status400BadRequest, InvalidRequest, message, parameter, "unsupported_value");

    /// <summary>400: the prompt and the tokens asked for do not fit the context.</summary>
    public static ApiException ContextLength(string parameter, string message) =>
        new(StatusCodes.Status400BadRequest, InvalidRequest, message, parameter, "context_length_exceeded");

    /// <summary>401: nobody knows who calls.</summary>
    /// <param name="hasKey">Whether the request came with a key or token.</param>
    public static ApiException Unknown(bool hasKey) => new(
        StatusCodes.Status401Unauthorized,
        InvalidRequest,
        hasKey
            ? "The key or token is not known here, or has expired; check it, or ask who runs this server for another."
            : "Send a key: 'Authorization: Bearer KEY' or 'x-api-key: KEY'. Who runs this server makes one with `client key add NAME`.",
        code: "invalid_api_key");

    /// <summary>403: the caller is known and may not.</summary>
    public static ApiException Forbidden(string message) =>
        new(StatusCodes.Status403Forbidden, InvalidRequest, message, code: "insufficient_permissions");

    /// <summary>404: no such model.</summary>
    public static ApiException ModelNotFound(string model, string served) => new(
        StatusCodes.Status404NotFound, InvalidRequest, $"There is no model '{model}'; this server serves {served}.", "model", "model_not_found");

    /// <summary>400: a body that does not come as HTTP has it.</summary>
    public static ApiException Unreadable() => new(
        StatusCodes.Status400BadRequest, InvalidRequest, "The body cannot be read: it is cut off, or its chunks are not as HTTP has them.", code: "invalid_body");

    /// <summary>413: a body that is too long.</summary>
    public static ApiException TooLarge(string message) => new(StatusCodes.Status413PayloadTooLarge, InvalidRequest, message, code: "request_too_large");

    /// <summary>429: as much is in flight as may be.</summary>
    public static ApiException Overloaded(string message, TimeSpan? retryAfter = null) => new(
        StatusCodes.Status429TooManyRequests, RateLimit, message, code: "overloaded", retryAfter: retryAfter ?? TimeSpan.FromSeconds(1));

    /// <summary>429: the caller has had what it may, whatever others take.</summary>
    public static ApiException QuotaExceeded(string message, TimeSpan retryAfter) => new(
        StatusCodes.Status429TooManyRequests, RateLimit, message, code: "rate_limit_exceeded", retryAfter: retryAfter)
    {
        IsOfCaller = true,
    };

    /// <summary>503: nothing here can take it now.</summary>
    public static ApiException Unavailable(string message, TimeSpan? retryAfter = null) => new(
        StatusCodes.Status503ServiceUnavailable, ServerError, message, code: "unavailable", retryAfter: retryAfter ?? TimeSpan.FromSeconds(1));

    /// <summary>504: a deadline passed.</summary>
    public static ApiException TimedOut(string message) =>
        new(StatusCodes.Status504GatewayTimeout, ServerError, message, code: "timeout");

    /// <summary>504: the deadline that the request came with passed.</summary>
    public static ApiException DeadlineExceeded(string message) =>
        new(StatusCodes.Status504GatewayTimeout, ServerError, message, "deadline_seconds", "deadline_exceeded");

    /// <summary>The value of the Retry-After header.</summary>
    internal static string? HeaderOf(TimeSpan? retryAfter) => SecondsOf(retryAfter)?.ToString(CultureInfo.InvariantCulture);

    /// <summary>Whole seconds, at least 1; null for none.</summary>
    internal static long? SecondsOf(TimeSpan? retryAfter) => retryAfter is { } delay ? Math.Max(1, (long)Math.Ceiling(delay.TotalSeconds)) : null;
}
