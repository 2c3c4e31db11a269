using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The conversation of a request, checked and brought into the form that chat templates expect.</summary>
public static class ChatMessages
{
    /// <summary>Messages that a request may have.</summary>
    public const int MaxCount = 4096;

    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool"];

    /// <summary>
    /// The messages of <paramref name="body"/>: content as one text (text parts are joined by line feeds; what was refused is the assistant's
    /// words), and what the model thought by the name that it was sent by. The template's form is the template's matter.
    /// </summary>
    /// <exception cref="ApiException">One is wrong; its path is named.</exception>
    public static JsonArray Read(RequestFields body)
    {
        var messages = body.Any("messages") ?? throw ApiException.Missing("messages");
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType("messages", "an array of messages", RequestFields.Kind(messages));
        }

        if (messages.GetArrayLength() is 0 or > MaxCount)
        {
            throw ApiException.InvalidValue("messages", $"'messages' has {messages.GetArrayLength()} messages; it takes 1 to {MaxCount}.");
        }

        var last = messages.GetArrayLength() - 1;
        return [.. messages.EnumerateArray().Select((message, i) => Message(message, $"messages[{i}]", i == last))];
    }

    /// <summary>Bytes that the users' words have at least without their white space, before any of it is read; what is wrong with a message is not its matter.</summary>
    internal static long LeastUserBytes(RequestFields body)
    {
        long bytes = 0;
        if (body.Any("messages") is not { ValueKind: JsonValueKind.Array } messages)
        {
            return bytes;
        }

        foreach (var message in messages.EnumerateArray())
        {
            if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("role"u8, out var role) || role.ValueKind != JsonValueKind.String
                || !role.ValueEquals("user"u8) || !message.TryGetProperty("content"u8, out var content))
            {
                continue;
            }

            if (content.ValueKind == JsonValueKind.String)
            {
                bytes += JsonText.SolidBytes(JsonMarshal.GetRawUtf8Value(content)[1..^1]);
            }
            else if (content.ValueKind == JsonValueKind.Array)
            {
                foreach (var part in content.EnumerateArray())
                {
                    bytes += part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text"u8, out var text) && text.ValueKind == JsonValueKind.String
                        ? JsonText.SolidBytes(JsonMarshal.GetRawUtf8Value(text)[1..^1])
                        : 0;
                }
            }
        }

        return bytes;
    }

    private static JsonObject Message(JsonElement element, string path, bool isLast)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(path, "an object with role and content", RequestFields.Kind(element));
        }

        var fields = new RequestFields(element, path);
        var role = fields.Text("role") ?? throw ApiException.Missing(fields.Path("role"));
        if (!Roles.Contains(role))
        {
            throw ApiException.InvalidValue(fields.Path("role"), $"'{fields.Path("role")}' is '{role}'; it takes {string.Join(", ", Roles)}.");
        }

        // Other servers' names for an answer that goes on with the last message: TemplateFields has read those.
        foreach (var name in (ReadOnlySpan<string>)["prefix", "partial"])
        {
            if (!(isLast && role == "assistant") && (fields.Flag(name) ?? false))
            {
                throw ApiException.Unsupported(fields.Path(name), $"'{fields.Path(name)}' asks for an answer that goes on with this message; only a last one of the assistant can be gone on with.");
            }
        }

        var calls = fields.Any("tool_calls");
        if (calls is { ValueKind: not JsonValueKind.Array } other)
        {
            throw ApiException.InvalidType(fields.Path("tool_calls"), "an array", RequestFields.Kind(other));
        }

        var content = Content(fields, role);
        if (content is null && (role != "assistant" || calls is null))
        {
            throw ApiException.Missing(fields.Path("content"));
        }

        var message = new JsonObject { ["role"] = role, ["content"] = content ?? "" };
        if (calls is { } toolCalls)
        {
            message["tool_calls"] = JsonArray.Create(toolCalls);
        }

        string[] texts = role == "assistant" ? ["name", "tool_call_id", "reasoning_content", "reasoning", "thinking"] : ["name", "tool_call_id"];
        foreach (var name in texts)
        {
            if (fields.Text(name) is { } text)
            {
                message[name] = text;
            }
        }

        return message;
    }

    private static string? Content(RequestFields fields, string role)
    {
        var path = fields.Path("content");
        var refusal = role == "assistant" ? fields.Text("refusal") : null;
        var content = fields.Any("content") switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { ValueKind: JsonValueKind.Array } parts => string.Join('\n', parts.EnumerateArray().Select((part, i) => Part(part, $"{path}[{i}]", role))),
            { } other => throw ApiException.InvalidType(path, "a string or an array of text parts", RequestFields.Kind(other)),
        };
        return string.IsNullOrEmpty(content) ? refusal ?? content : content;
    }

    private static string Part(JsonElement element, string path, string role)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(path, "an object", RequestFields.Kind(element));
        }

        var part = new RequestFields(element, path);
        var type = part.Text("type") ?? throw ApiException.Missing(part.Path("type"));
        var name = type == "refusal" && role == "assistant" ? type : "text";
        return type == name
            ? part.Text(name) ?? throw ApiException.Missing(part.Path(name))
            : throw ApiException.Unsupported(part.Path("type"), $"'{part.Path("type")}' is '{type}'; the model reads text only.");
    }
}
