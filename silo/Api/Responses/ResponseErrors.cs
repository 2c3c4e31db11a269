using System.Text.Json;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Responses;

/// <summary>OpenAI's error object; within a stream it is an event that has the same members beside it, as some clients read the ones and some the others.</summary>
internal sealed class ResponseErrors : IErrorShape
{
    public string Event => "error";

    public byte[] Body(ApiException error, string request) => OpenAiErrors.Instance.Body(error, request);

    public byte[] EventBody(ApiException error, string request, long? retryAfter)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body, ApiJson.Writer))
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "error"u8);
            WriteMembers(json, error, retryAfter);
            json.WriteStartObject("error"u8);
            json.WriteString("type"u8, error.Type);
            WriteMembers(json, error, retryAfter);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return body.ToArray();
    }

    private static void WriteMembers(Utf8JsonWriter json, ApiException error, long? retryAfter)
    {
        json.WriteString("code"u8, error.Code);
        json.WriteString("message"u8, error.Message);
        json.WriteString("param"u8, error.Parameter);
        if (retryAfter is { } seconds)
        {
            json.WriteNumber("retry_after"u8, seconds);
        }
    }
}
