using System.Text.Json;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Messages;

/// <summary>Anthropic's error object. It has no place for the field at fault, which the message names.</summary>
internal sealed class MessageErrors : IErrorShape
{
    public string Event => "error";

    public byte[] Body(ApiException error, string request) => EventBody(error, request, null);

    public byte[] EventBody(ApiException error, string request, long? retryAfter)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, ApiJson.Writer))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "error"u8);
            json.WriteStartObject("error"u8);
            json.WriteString("type"u8, Type(error));
            json.WriteString("message"u8, Message(error));
            if (retryAfter is { } seconds)
            {
                json.WriteNumber("retry_after"u8, seconds);
            }

            json.WriteEndObject();
            json.WriteString("request_id"u8, request);
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static string Message(ApiException error) =>
        error.Parameter is { } field && !error.Message.Contains($"'{field}'", StringComparison.Ordinal) ? $"{field}: {error.Message}" : error.Message;

    private static string Type(ApiException error) => error.Status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable => "overloaded_error",
        StatusCodes.Status504GatewayTimeout => "timeout_error",
        >= StatusCodes.Status500InternalServerError => "api_error",
        _ => "invalid_request_error",
    };
}
