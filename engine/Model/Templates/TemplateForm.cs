using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Engine.Model.Templates;

/// <summary>In what form a template takes a conversation, which is in OpenAI's form before: <see cref="TemplateProbe"/> finds it out.</summary>
public sealed record TemplateForm
{
    /// <summary>Roles whose content it takes as an array of parts only.</summary>
    public IReadOnlySet<string> PartRoles { get; init; } = new HashSet<string>();

    /// <summary>Whether it takes the arguments of tool calls as the JSON text that they are, and not as an object.</summary>
    public bool TakesArgumentText { get; init; }

    /// <summary>Whether it writes system messages.</summary>
    public bool KnowsSystem { get; init; } = true;

    /// <summary>Whether it writes developer messages as such.</summary>
    public bool KnowsDeveloper { get; init; }

    /// <summary>Whether it writes messages of tools.</summary>
    public bool KnowsTool { get; init; } = true;

    /// <summary>
    /// Whether all that users say is in the prompt, however many turns there are; spaces need not be. A conversation of which the users' words alone have too
    /// many tokens is refused before it is rendered where it is so.
    /// </summary>
    public bool KeepsUserText { get; init; }

    /// <summary>The name by which it reads what the model thought in an earlier turn; null where it reads nothing of it.</summary>
    public string? Thinking { get; init; }

    /// <summary>Whether it reads tools off the system message, as the text of a list of functions.</summary>
    public bool ReadsToolsInSystem { get; init; }

    /// <summary>Whether it reads what tools said off the message that has called them, as <c>tool_responses</c>.</summary>
    public bool ReadsToolResponses { get; init; }

    /// <summary>The names by which clients send what the model thought.</summary>
    internal static readonly string[] ThinkingNames = ["reasoning_content", "reasoning", "thinking"];

    /// <summary>A conversation in this form; those given stay as they are.</summary>
    /// <param name="messages">In OpenAI's form.</param>
    /// <param name="tools">In OpenAI's form; null for none.</param>
    internal JsonArray Apply(JsonArray messages, JsonArray? tools = null)
    {
        try
        {
            var formed = (JsonArray)messages.DeepClone();
            formed = ReadsToolResponses ? ToolResponses.Join(formed) : formed;
            if (ReadsToolsInSystem && tools is { Count: > 0 })
            {
                TellTools(formed, tools);
            }

            foreach (var message in formed.OfType<JsonObject>())
            {
                Apply(message);
            }

            return KnowsSystem ? formed : WithoutSystem(formed);
        }
        catch (Exception fault) when (fault is ArgumentException or InvalidOperationException)
        {
            // A property named twice, or text that is no Unicode: reading the messages for the template tells which.
            return messages;
        }
    }

    private void Apply(JsonObject message)
    {
        var role = Text(message["role"]);
        if (role == "developer" && !KnowsDeveloper)
        {
            message["role"] = role = "system";
        }
        else if (role == "tool" && !KnowsTool)
        {
            Retell(message);
            role = "user";
        }

        Think(message);
        foreach (var function in Functions(message))
        {
            function["arguments"] = Arguments(function["arguments"]);
        }

        if (role is not null && PartRoles.Contains(role) && Text(message["content"]) is { } content)
        {
            message["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = content });
        }
    }

    private static void TellTools(JsonArray messages, JsonArray tools)
    {
        if (messages is not [JsonObject first, ..] || Text(first["role"]) != "system")
        {
            first = new JsonObject { ["role"] = "system", ["content"] = "" };
            messages.Insert(0, first);
        }

        first["tools"] = new JsonArray([.. tools.Select(static tool => (tool?["function"] ?? tool)?.DeepClone())]).ToJsonString();
    }

    /// <summary>Tells in the user's name what a tool said.</summary>
    private static void Retell(JsonObject message)
    {
        message["content"] = new JsonObject
        {
            ["tool_response"] = new JsonObject { ["tool_call_id"] = Text(message["tool_call_id"]), ["content"] = message["content"]?.DeepClone() },
        }.ToJsonString();
        message["role"] = "user";
        message.Remove("tool_call_id");
    }

    private void Think(JsonObject message)
    {
        string? thought = null;
        foreach (var name in ThinkingNames)
        {
            thought ??= Text(message[name]);
            message.Remove(name);
        }

        if (thought is not null && Thinking is { } read)
        {
            message[read] = thought;
        }
    }

    private JsonNode? Arguments(JsonNode? arguments)
    {
        if (TakesArgumentText)
        {
            return arguments is JsonObject ? arguments.ToJsonString() : arguments?.DeepClone();
        }

        try
        {
            return Text(arguments) is { } text && JsonNode.Parse(text) is JsonObject read ? read : arguments?.DeepClone();
        }
        catch (JsonException)
        {
            // What is no JSON goes to the template as the text it is.
            return arguments?.DeepClone();
        }
    }

    /// <summary>What system messages say stands before the user's next words instead.</summary>
    private JsonArray WithoutSystem(JsonArray messages)
    {
        var formed = new JsonArray();
        var said = new List<string>();
        foreach (var message in messages.ToList())
        {
            messages.Remove(message);
            if (message is JsonObject system && Text(system["role"]) == "system")
            {
                said.Add(Content(system));
                continue;
            }

            if (said.Count > 0 && message is JsonObject user && Text(user["role"]) == "user")
            {
                SetContent(user, string.Join("\n\n", [.. said, Content(user)]));
                said.Clear();
            }

            formed.Add(message);
        }

        if (said.Count > 0)
        {
            var last = new JsonObject { ["role"] = "user" };
            SetContent(last, string.Join("\n\n", said));
            formed.Add((JsonNode)last);
        }

        return formed;
    }

    private void SetContent(JsonObject user, string text) =>
        user["content"] = PartRoles.Contains("user") ? new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }) : text;

    private static string Content(JsonObject message) => Text(message["content"]) ?? (message["content"] is JsonArray parts ? string.Join('\n', parts.Select(static part => Text(part?["text"]))) : "");

    private static IEnumerable<JsonObject> Functions(JsonObject message) =>
        message["tool_calls"] is JsonArray calls ? calls.Select(static call => (call as JsonObject)?["function"] as JsonObject).OfType<JsonObject>() : [];

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
}
