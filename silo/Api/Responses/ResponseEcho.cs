using System.Text.Json;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Responses;

/// <summary>What an answer of the Responses API tells of its request.</summary>
internal sealed class ResponseEcho
{
    // As they came, with what stands for those that did not.
    private static readonly (string Name, string Default)[] Members =
    [
        ("instructions", "null"), ("max_output_tokens", "null"), ("max_tool_calls", "null"), ("metadata", "{}"), ("parallel_tool_calls", "true"),
        ("previous_response_id", "null"), ("prompt_cache_key", "null"), ("reasoning", """{"effort":null,"summary":null}"""), ("safety_identifier", "null"), ("temperature", "1"),
        ("text", """{"format":{"type":"text"}}"""), ("tool_choice", "\"auto\""), ("tools", "[]"), ("top_p", "1"), ("user", "null"),
    ];

    private readonly JsonElement[] _values;

    /// <param name="body">The request; what is told of it outlives it.</param>
    public ResponseEcho(RequestFields body)
    {
        _values = [.. Members.Select(member => body.Any(member.Name)?.Clone() ?? JsonElement.Parse(member.Default))];
        Previous = body.Text("previous_response_id");
    }

    /// <summary>Id of the answer before it; null for none.</summary>
    public string? Previous { get; }

    /// <summary>Writes it.</summary>
    public void Write(Utf8JsonWriter json)
    {
        for (var i = 0; i < Members.Length; i++)
        {
            json.WritePropertyName(Members[i].Name);
            _values[i].WriteTo(json);
        }

        json.WriteNumber("top_logprobs"u8, 0);
        json.WriteString("truncation"u8, "disabled"u8);
        json.WriteString("service_tier"u8, "default"u8);
        json.WriteBoolean("background"u8, false);
    }

    /// <summary>The input as an array of items, each with an id.</summary>
    public static byte[] Input(RequestFields body)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, ApiJson.Writer))
        {
            json.WriteStartArray();
            switch (body.Any("input"))
            {
                case { ValueKind: JsonValueKind.String } text:
                    json.WriteStartObject();
                    json.WriteString("id"u8, $"msg_{Guid.NewGuid():N}");
                    json.WriteString("type"u8, "message"u8);
                    json.WriteString("role"u8, "user"u8);
                    json.WriteString("status"u8, "completed"u8);
                    json.WriteStartArray("content"u8);
                    json.WriteStartObject();
                    json.WriteString("type"u8, "input_text"u8);
                    json.WriteString("text"u8, text.GetString());
                    json.WriteEndObject();
                    json.WriteEndArray();
                    json.WriteEndObject();
                    break;
                case { ValueKind: JsonValueKind.Array } items:
                    foreach (var item in items.EnumerateArray().Where(static item => item.ValueKind == JsonValueKind.Object))
                    {
                        WriteItem(json, item);
                    }

                    break;
            }

            json.WriteEndArray();
        }

        return buffer.ToArray();
    }

    private static void WriteItem(Utf8JsonWriter json, JsonElement item)
    {
        json.WriteStartObject();
        if (!item.TryGetProperty("id"u8, out var id) || id.ValueKind != JsonValueKind.String)
        {
            json.WriteString("id"u8, $"item_{Guid.NewGuid():N}");
        }

        if (!item.TryGetProperty("type"u8, out _))
        {
            json.WriteString("type"u8, "message"u8);
        }

        foreach (var member in item.EnumerateObject().Where(static member => member.Value.ValueKind != JsonValueKind.Null))
        {
            member.WriteTo(json);
        }

        json.WriteEndObject();
    }
}
