using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Messages;

/// <summary>The conversation of a request of Anthropic's dialect, in the form that all dialects share: what they have in common makes the same prompt.</summary>
internal static class MessageTurns
{
    /// <summary>
    /// With this a coding agent begins a system block that changes with every request and says nothing to the model: no two prompts would begin alike with it.
    /// </summary>
    private const string BillingMark = "x-anthropic-billing-header:";

    private static readonly string[] Roles = ["user", "assistant", "system"];

    /// <summary>Whether the answer is to go on with the last message, which is the assistant's own.</summary>
    /// <exception cref="ApiException">That message calls tools, whose results would have to follow.</exception>
    public static bool ContinuesLast(RequestFields body)
    {
        if (body.Any("messages") is not { ValueKind: JsonValueKind.Array } messages || messages.GetArrayLength() == 0)
        {
            return false;
        }

        var index = messages.GetArrayLength() - 1;
        if (messages[index] is not { ValueKind: JsonValueKind.Object } last)
        {
            return false;
        }

        var fields = new RequestFields(last, $"messages[{index}]");
        if (fields.Text("role") != "assistant")
        {
            return false;
        }

        return fields.Any("content") is { ValueKind: JsonValueKind.Array } blocks && blocks.EnumerateArray().Any(static block => Type(block) == "tool_use")
            ? throw ApiException.InvalidValue(fields.Path("content"), $"'{fields.Path("content")}' calls tools, and no message with their results follows.")
            : true;
    }

    /// <summary>The messages, the system's first.</summary>
    /// <exception cref="ApiException">One is wrong; its path is named.</exception>
    public static JsonArray Read(RequestFields body)
    {
        var messages = body.Any("messages") ?? throw ApiException.Missing("messages");
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType("messages", "an array of messages", RequestFields.Kind(messages));
        }

        if (messages.GetArrayLength() is 0 or > ChatMessages.MaxCount)
        {
            throw ApiException.InvalidValue("messages", $"'messages' has {messages.GetArrayLength()} messages; it takes 1 to {ChatMessages.MaxCount}.");
        }

        var turns = new JsonArray();
        if (body.Any("system") is { } system && System(system) is { Length: > 0 } said)
        {
            Say(turns, "system", said);
        }

        var index = 0;
        foreach (var message in messages.EnumerateArray())
        {
            Read(turns, message, $"messages[{index++}]");
        }

        return turns;
    }

    private static string System(JsonElement system) => system.ValueKind == JsonValueKind.String
        ? system.GetString()!
        : string.Join('\n', Texts(system, "system").Where(static text => !text.StartsWith(BillingMark, StringComparison.Ordinal)));

    private static void Read(JsonArray turns, JsonElement message, string path)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(path, "an object with role and content", RequestFields.Kind(message));
        }

        var fields = new RequestFields(message, path);
        var role = fields.Text("role") ?? throw ApiException.Missing(fields.Path("role"));
        if (!Roles.Contains(role))
        {
            throw ApiException.InvalidValue(fields.Path("role"), $"'{fields.Path("role")}' is '{role}'; it takes {string.Join(", ", Roles)}.");
        }

        var content = fields.Any("content") ?? throw ApiException.Missing(fields.Path("content"));
        if (content.ValueKind == JsonValueKind.String)
        {
            Say(turns, role, content.GetString()!);
        }
        else if (role == "assistant")
        {
            Answer(turns, content, fields.Path("content"));
        }
        else
        {
            Ask(turns, role, content, fields.Path("content"));
        }
    }

    /// <summary>What a user says and what tools have given, in their order.</summary>
    private static void Ask(JsonArray turns, string role, JsonElement content, string path)
    {
        var said = new List<string>();
        foreach (var block in Blocks(content, path))
        {
            if (block.Text("type") != "tool_result" || role != "user")
            {
                said.Add(Text(block));
                continue;
            }

            Flush();
            var result = block.Any("content") is { } given
                ? given.ValueKind == JsonValueKind.String ? given.GetString()! : string.Join('\n', Texts(given, block.Path("content")))
                : "";
            turns.Add((JsonNode)new JsonObject
            {
                ["role"] = "tool",

                // No template has a place for it.
                ["content"] = block.Flag("is_error") ?? false ? $"Error: {result}" : result,
                ["tool_call_id"] = block.Text("tool_use_id") ?? throw ApiException.Missing(block.Path("tool_use_id")),
            });
        }

        Flush();

        void Flush()
        {
            if (said.Count > 0)
            {
                Say(turns, role, string.Join('\n', said));
                said.Clear();
            }
        }
    }

    private static void Answer(JsonArray turns, JsonElement content, string path)
    {
        var (said, thought, calls) = (new List<string>(), new List<string>(), new JsonArray());
        foreach (var block in Blocks(content, path))
        {
            switch (block.Text("type"))
            {
                case "thinking":
                    thought.Add(block.Text("thinking") ?? throw ApiException.Missing(block.Path("thinking")));
                    break;
                case "redacted_thinking":
                    // Another server's, which nobody else can read.
                    break;
                case "tool_use":
                    calls.Add((JsonNode)Call(block));
                    break;
                default:
                    said.Add(Text(block));
                    break;
            }
        }

        if (calls.Count == 0 && thought.Count == 0)
        {
            Say(turns, "assistant", string.Join('\n', said));
            return;
        }

        var turn = new JsonObject { ["role"] = "assistant", ["content"] = string.Join('\n', said) };
        if (calls.Count > 0)
        {
            turn["tool_calls"] = calls;
        }

        if (thought.Count > 0)
        {
            turn["reasoning_content"] = string.Join('\n', thought);
        }

        turns.Add((JsonNode)turn);
    }

    private static JsonObject Call(RequestFields block)
    {
        var input = block.Any("input") ?? throw ApiException.Missing(block.Path("input"));
        return input.ValueKind != JsonValueKind.Object
            ? throw ApiException.InvalidType(block.Path("input"), "an object", RequestFields.Kind(input))
            : new JsonObject
            {
                ["id"] = block.Text("id") ?? throw ApiException.Missing(block.Path("id")),
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = block.Text("name") ?? throw ApiException.Missing(block.Path("name")), ["arguments"] = MessageArguments.Write(input) },
            };
    }

    /// <summary>Adds what somebody says; who has spoken last goes on with it, as one turn.</summary>
    private static void Say(JsonArray turns, string role, string text)
    {
        if (role != "system" && turns is [.., JsonObject { Count: 2 } last] && (string?)last["role"] == role)
        {
            last["content"] = $"{last["content"]}\n{text}";
        }
        else
        {
            turns.Add((JsonNode)new JsonObject { ["role"] = role, ["content"] = text });
        }
    }

    private static IEnumerable<string> Texts(JsonElement blocks, string path) => Blocks(blocks, path).Select(Text);

    private static string Text(RequestFields block) => block.Text("type") is var type && type == "text"
        ? block.Text("text") ?? throw ApiException.Missing(block.Path("text"))
        : throw ApiException.Unsupported(block.Path("type"), $"'{block.Path("type")}' is '{type}', which cannot be read here: the model reads text, and calls tools of the caller alone.");

    private static IEnumerable<RequestFields> Blocks(JsonElement blocks, string path)
    {
        if (blocks.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType(path, "a string or an array of blocks", RequestFields.Kind(blocks));
        }

        var index = 0;
        foreach (var block in blocks.EnumerateArray())
        {
            var place = $"{path}[{index++}]";
            yield return block.ValueKind == JsonValueKind.Object ? new RequestFields(block, place) : throw ApiException.InvalidType(place, "an object", RequestFields.Kind(block));
        }
    }

    private static string? Type(JsonElement block) =>
        block.ValueKind == JsonValueKind.Object && block.TryGetProperty("type"u8, out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
}
