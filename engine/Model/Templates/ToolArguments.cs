using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Engine.Model.Templates;

/// <summary>
/// The arguments of earlier tool calls in the form the template expects. OpenAI's clients send them as JSON in a string; most
/// templates write them with <c>tojson</c> or iterate them and so want the object, as model hubs pass it.
/// </summary>
internal static class ToolArguments
{
    // A template that asks takes both forms, and the text as it was sent is nearest to what the model wrote.
    private static readonly string[] Questions = ["arguments is string", "arguments'] is string", "arguments\"] is string"];

    /// <summary>The messages with arguments as objects; the same array where nothing changes.</summary>
    public static JsonArray Prepare(JsonArray messages, string templateSource)
    {
        try
        {
            return Array.Exists(Questions, question => templateSource.Contains(question, StringComparison.Ordinal))
                || !messages.SelectMany(Functions).Any(function => Parse(function["arguments"]) is not null)
                ? messages
                : WithObjects((JsonArray)messages.DeepClone());
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException)
        {
            // A property named twice, or text that is no Unicode: reading the messages for the template tells which.
            return messages;
        }
    }

    private static JsonArray WithObjects(JsonArray messages)
    {
        foreach (var function in messages.SelectMany(Functions))
        {
            if (Parse(function["arguments"]) is { } arguments)
            {
                function["arguments"] = arguments;
            }
        }

        return messages;
    }

    private static IEnumerable<JsonObject> Functions(JsonNode? message) =>
        message is JsonObject fields && fields["tool_calls"] is JsonArray calls
            ? calls.Select(call => (call as JsonObject)?["function"] as JsonObject).OfType<JsonObject>()
            : [];

    private static JsonObject? Parse(JsonNode? arguments)
    {
        if (arguments is not JsonValue value || !value.TryGetValue<string>(out var text))
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            // What is no JSON goes to the template as the text it is.
            return null;
        }
    }
}
