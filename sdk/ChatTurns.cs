using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Crescent.Sdk;

/// <summary>Messages of Microsoft.Extensions.AI as those of OpenAI's chat API.</summary>
internal static class ChatTurns
{
    private static readonly JsonSerializerOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The messages, the instructions before them.</summary>
    /// <exception cref="NotSupportedException">One holds what no model here reads, such as an image.</exception>
    public static JsonArray Of(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var turns = new JsonArray();
        if (!string.IsNullOrEmpty(instructions))
        {
            turns.Add((JsonNode)new JsonObject { ["role"] = "system", ["content"] = instructions });
        }

        foreach (var message in messages)
        {
            Add(turns, message);
        }

        return turns;
    }

    private static void Add(JsonArray turns, ChatMessage message)
    {
        var turn = new JsonObject { ["role"] = message.Role.Value };
        if (message.AuthorName is { } author)
        {
            turn["name"] = author;
        }

        var (text, thought, calls, results) = ("", "", new JsonArray(), 0);
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextReasoningContent reasoning:
                    thought += reasoning.Text;
                    break;
                case TextContent said:
                    text += said.Text;
                    break;
                case FunctionCallContent call:
                    calls.Add((JsonNode)Call(call));
                    break;
                case FunctionResultContent result:
                    results++;
                    turns.Add((JsonNode)new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.CallId, ["content"] = Text(result) });
                    break;
                case UsageContent:
                    break;
                default:
                    throw new NotSupportedException($"A message of role {message.Role} holds a {content.GetType().Name}; models here read text.");
            }
        }

        if (results > 0 && text.Length == 0 && calls.Count == 0)
        {
            return;
        }

        turn["content"] = calls.Count > 0 && text.Length == 0 ? null : text;
        if (thought.Length > 0)
        {
            turn["reasoning_content"] = thought;
        }

        if (calls.Count > 0)
        {
            turn["tool_calls"] = calls;
        }

        turns.Add((JsonNode)turn);
    }

    private static JsonObject Call(FunctionCallContent call) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject
        {
            ["name"] = call.Name,
            ["arguments"] = call.RawRepresentation is SaidCall said ? said.Arguments : Compact(call.Arguments ?? new Dictionary<string, object?>(), typeof(IDictionary<string, object?>)),
        },
    };

    private static string Text(FunctionResultContent result) => result.Result switch
    {
        null => result.Exception is { } failure ? $"Error: {failure.Message}" : "",
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString()!,
        var other => Compact(other, typeof(object)),
    };

    // The options of Microsoft.Extensions.AI write over several lines, and letters beyond ASCII as numbers: more tokens, and harder to read for a model.
    private static string Compact(object value, Type type) => JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions.GetTypeInfo(type))?.ToJsonString(Line) ?? "null";
}
