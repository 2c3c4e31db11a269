using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Contracts.Chat;
using Crescent.Grains.Requests;

namespace Crescent.Grains.Chat;

/// <summary>The tools of a call.</summary>
internal static class ChatTools
{
    private const int MaxCount = 1024;
    private const int MaxName = 128;
    private const string One = "function:";

    /// <summary>What is asked for; null where the model is not to call any.</summary>
    /// <exception cref="ArgumentException">They are no tools, or the choice is none of them.</exception>
    public static ToolUse? Read(ChatCall call)
    {
        if (call.Tools is null || Parse(call.Tools) is not { Count: > 0 } tools)
        {
            return call.ToolChoice is "auto" or "none" ? null : throw ChatRequests.Wrong(nameof(call.ToolChoice), "it asks for a call, but there are no tools");
        }

        var functions = tools.Select(static (tool, i) => Function(tool, $"{nameof(ChatCall.Tools)}[{i}]")).ToList();
        if (functions.Select(static function => function.Name).Distinct(StringComparer.Ordinal).Count() < functions.Count)
        {
            throw ChatRequests.Wrong(nameof(call.Tools), "two of them have the same name");
        }

        return call.ToolChoice switch
        {
            "none" => null,
            "auto" => new ToolUse(tools, functions, Must: false, call.ParallelToolCalls),
            "required" => new ToolUse(tools, functions, Must: true, call.ParallelToolCalls),
            var choice when choice.StartsWith(One, StringComparison.Ordinal) && functions.Find(function => function.Name == choice[One.Length..]) is { } chosen =>
                new ToolUse(tools, [chosen], Must: true, call.ParallelToolCalls),
            var other => throw ChatRequests.Wrong(nameof(call.ToolChoice), $"'{other}' is none of auto, none, required and {One}NAME with the name of a tool"),
        };
    }

    private static JsonArray Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonArray { Count: <= MaxCount } tools
                ? tools
                : throw ChatRequests.Wrong(nameof(ChatCall.Tools), $"they are no JSON array of up to {MaxCount} functions");
        }
        catch (JsonException e)
        {
            throw ChatRequests.Wrong(nameof(ChatCall.Tools), $"they are no JSON: {e.Message}");
        }
    }

    private static ToolFunction Function(JsonNode? tool, string path) =>
        tool is JsonObject { } outer && outer["function"] is JsonObject function
        && function["name"] is JsonValue given && given.TryGetValue<string>(out var name) && name.Length is > 0 and <= MaxName
        && function["parameters"] is null or JsonObject
            ? new ToolFunction(
                name,
                function["parameters"] is JsonObject schema ? JsonSerializer.SerializeToElement(schema) : null,
                path + ".function.parameters",
                function["strict"] is JsonValue strict && strict.TryGetValue<bool>(out var isStrict) && isStrict)
            : throw ChatRequests.Wrong(path, $"it is no function with a name of 1 to {MaxName} characters and, where it has parameters, their JSON schema");
}
