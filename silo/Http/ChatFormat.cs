using System.Text.Json;

namespace Crescent.Silo.Http;

/// <summary>Answers of /v1/chat/completions.</summary>
internal sealed class ChatFormat : IAnswerFormat
{
    public string IdPrefix => "chatcmpl";

    public string WholeObject => "chat.completion";

    public string EventObject => "chat.completion.chunk";

    public bool HasOpening => true;

    public void WriteWhole(Utf8JsonWriter json, string text)
    {
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, text);
        json.WriteNull("refusal"u8);
        json.WriteEndObject();
    }

    public void WriteDelta(Utf8JsonWriter json, string? text, bool opening)
    {
        json.WriteStartObject("delta"u8);
        if (opening)
        {
            json.WriteString("role"u8, "assistant"u8);
        }

        if (text is not null)
        {
            json.WriteString("content"u8, text);
        }

        json.WriteEndObject();
    }
}
