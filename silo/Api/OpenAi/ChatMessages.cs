using System.Text.Json.Nodes;
using System.Text.Json;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The conversation of a request, checked and brought into the form that chat templates expect.</summary>
public static class ChatMessages
{
    /// <summary>Messages that a request may have.</summary>
    public const int MaxCount = 4096;

    private static readonly string[] Roles = ["system", "developer", "user", "assistant", "tool"];

    /// <summary>
    /// The messages of <paramref name="body"/>: content as one text (text parts are joined by line feeds), and <c>developer</c>,
    /// which templates do not know, as <c>system</c>.
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

        return [.. messages.EnumerateArray().Select((message, i) => Message(message, $"messages[{i}]"))];
    }

    private static JsonObject Message(JsonElement element, string path)
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

        var calls = fields.Any("tool_calls");
        if (calls is { ValueKind: not JsonValueKind.Array } other)
        {
            throw ApiException.InvalidType(fields.Path("tool_calls"), "an array", RequestFields.Kind(other));
        }

        var content = Content(fields);
        if (content is null && (role != "assistant" || calls is null))
        {
            throw ApiException.Missing(fields.Path("content"));
        }

        var message = new JsonObject { ["role"] = role == "developer" ? "system" : role, ["content"] = content ?? "" };
        if (calls is { } toolCalls)
        {
            message["tool_calls"] = JsonArray.Create(toolCalls);
        }

        foreach (var name in new[] { "name", "tool_call_id" })
        {
            if (fields.Text(name) is { } text)
            {
                message[name] = text;
            }
        }

        return message;
    }

    private static string? Content(RequestFields fields)
    {
        var path = fields.Path("content");
        return fields.Any("content") switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } text => text.GetString(),
            { ValueKind: JsonValueKind.Array } parts => string.Join('\n', parts.EnumerateArray().Select((part, i) => Part(part, $"{path}[{i}]"))),
            { } other => throw ApiException.InvalidType(path, "a string or an array of text parts", RequestFields.Kind(other)),
        };
    }

    private static string Part(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(path, "an object", RequestFields.Kind(element));
        }

        var part = new RequestFields(element, path);
        var type = part.Text("type") ?? throw ApiException.Missing(part.Path("type"));
        return type == "text"
            ? part.Text("text") ?? throw ApiException.Missing(part.Path("text"))
            : throw ApiException.Unsupported(part.Path("type"), $"'{part.Path("type")}' is '{type}'; the model reads text only.");
    }
}
