using System.Text.Json;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Model.ToolCalls;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Answers of /v1/chat/completions.</summary>
/// <param name="tellsThoughts">Whether what the model thinks is told.</param>
internal sealed class ChatFormat(bool tellsThoughts) : IAnswerFormat
{
    /// <summary>A fresh id of an answer.</summary>
    public static string NewId() => $"chatcmpl-{Guid.NewGuid():N}";

    public string WholeObject => "chat.completion";

    public string EventObject => "chat.completion.chunk";

    public bool HasOpening => true;

    public void WriteWhole(Utf8JsonWriter json, Choice choice)
    {
        json.WriteStartObject("message"u8);
        json.WriteString("role"u8, "assistant"u8);
        json.WriteString("content"u8, choice.Calls.Count > 0 && choice.Content.Length == 0 ? null : choice.Content);
        if (tellsThoughts && choice.Thought.Length > 0)
        {
            json.WriteString("reasoning_content"u8, choice.Thought);
        }

        json.WriteNull("refusal"u8);
        if (choice.Calls.Count > 0)
        {
            json.WriteStartArray("tool_calls"u8);
            foreach (var (id, name, arguments) in choice.Calls)
            {
                json.WriteStartObject();
                WriteCall(json, id, name, arguments.ToString());
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    public void WriteDelta(Utf8JsonWriter json, AnswerDelta? delta, bool opening)
    {
        json.WriteStartObject("delta"u8);
        if (opening)
        {
            json.WriteString("role"u8, "assistant"u8);
        }

        if (delta?.Content is { } content)
        {
            json.WriteString("content"u8, content);
        }

        if (delta?.Thought is { } thought)
        {
            json.WriteString("reasoning_content"u8, thought);
        }

        if (delta?.Call is { } call)
        {
            json.WriteStartArray("tool_calls"u8);
            json.WriteStartObject();
            json.WriteNumber("index"u8, call.Index);
            WriteCall(json, call.Id, call.Name, call.Arguments);
            json.WriteEndObject();
            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    public bool Tells(in AnswerDelta delta) => tellsThoughts || delta.Thought is null;

    public void WriteLogprobs(Utf8JsonWriter json, in ChoiceLogprobs logprobs, Tokenizer tokenizer) => logprobs.WriteChat(json, tokenizer);

    // Id and name stand in the first piece of a call alone.
    private static void WriteCall(Utf8JsonWriter json, string? id, string? name, string arguments)
    {
        if (id is not null)
        {
            json.WriteString("id"u8, id);
            json.WriteString("type"u8, "function"u8);
        }

        json.WriteStartObject("function"u8);
        if (name is not null)
        {
            json.WriteString("name"u8, name);
        }

        json.WriteString("arguments"u8, arguments);
        json.WriteEndObject();
    }
}
