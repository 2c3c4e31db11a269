using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Engine.Model.Templates;

/// <summary>What tools said as a part of the message that has called them: <c>tool_responses</c>, each with the function's name.</summary>
internal static class ToolResponses
{
    /// <summary>The conversation without messages of tools; one that answers no call stays.</summary>
    public static JsonArray Join(JsonArray messages)
    {
        var joined = new JsonArray();
        JsonObject? caller = null;
        foreach (var message in messages.ToList())
        {
            messages.Remove(message);
            if (message is JsonObject said && Text(said["role"]) == "tool" && caller is not null)
            {
                if (caller["tool_responses"] is not JsonArray responses)
                {
                    caller["tool_responses"] = responses = [];
                }

                responses.Add((JsonNode)new JsonObject { ["name"] = Name(said, caller), ["response"] = Response(said["content"]) });
                continue;
            }

            joined.Add(message);
            caller = message is JsonObject { } turn && turn["tool_calls"] is JsonArray { Count: > 0 } ? turn : null;
        }

        return joined;
    }

    private static string Name(JsonObject said, JsonObject caller)
    {
        var id = Text(said["tool_call_id"]);
        var call = ((JsonArray)caller["tool_calls"]!).FirstOrDefault(call => id is not null && Text(call?["id"]) == id);
        return Text(call?["function"]?["name"]) ?? Text(said["name"]) ?? "unknown";
    }

    private static JsonNode? Response(JsonNode? content)
    {
        try
        {
            return Text(content) is { } text && JsonNode.Parse(text) is JsonObject read ? read : content?.DeepClone();
        }
        catch (JsonException)
        {
            // What is no JSON is told as the text it is.
            return content?.DeepClone();
        }
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
