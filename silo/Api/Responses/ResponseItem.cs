using System.Text;
using System.Text.Json;

namespace Crescent.Silo.Api.Responses;

/// <summary>An item of an answer: what the model thinks, says or calls.</summary>
/// <param name="kind"><c>reasoning</c>, <c>message</c> or <c>function_call</c>.</param>
/// <param name="id">Its id.</param>
/// <param name="callId">Of a call.</param>
/// <param name="name">Of the function that is called.</param>
internal sealed class ResponseItem(string kind, string id, string? callId = null, string? name = null)
{
    public string Kind => kind;

    public string Id => id;

    public string? Name => name;

    /// <summary>What it says, or the arguments of the call.</summary>
    public StringBuilder Text { get; } = new();

    /// <summary><c>in_progress</c>, <c>completed</c> or <c>incomplete</c>.</summary>
    public string Status { get; set; } = "in_progress";

    /// <summary>Whether it has parts, of which each is told of.</summary>
    public bool HasPart => kind != "function_call";

    /// <summary>Its one part's type.</summary>
    public string PartType => kind == "reasoning" ? "reasoning_text" : "output_text";

    /// <summary>What its events are called.</summary>
    public string EventName => kind == "function_call" ? "response.function_call_arguments" : $"response.{PartType}";

    /// <summary>Writes it.</summary>
    /// <param name="json">Takes it.</param>
    /// <param name="isOpening">Whether there is nothing in it yet.</param>
    public void Write(Utf8JsonWriter json, bool isOpening = false)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, id);
        json.WriteString("type"u8, kind);
        json.WriteString("status"u8, Status);
        switch (kind)
        {
            case "function_call":
                json.WriteString("call_id"u8, callId);
                json.WriteString("name"u8, name);
                json.WriteString("arguments"u8, Text.ToString());
                break;
            case "reasoning":
                json.WriteStartArray("summary"u8);
                json.WriteEndArray();
                WriteContent(json, isOpening);
                break;
            default:
                json.WriteString("role"u8, "assistant"u8);
                WriteContent(json, isOpening);
                break;
        }

        json.WriteEndObject();
    }

    /// <summary>Writes its one part.</summary>
    public void WritePart(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, PartType);
        json.WriteString("text"u8, Text.ToString());
        if (kind == "message")
        {
            json.WriteStartArray("annotations"u8);
            json.WriteEndArray();
            json.WriteStartArray("logprobs"u8);
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private void WriteContent(Utf8JsonWriter json, bool isOpening)
    {
        json.WriteStartArray("content"u8);
        if (!isOpening)
        {
            WritePart(json);
        }

        json.WriteEndArray();
    }
}
