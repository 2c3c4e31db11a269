using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The fields <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c> of a chat request.</summary>
internal static class ToolFields
{
    /// <summary>Tools that a request may have.</summary>
    public const int MaxCount = 1024;

    /// <summary>Characters of a function's name, as OpenAI's.</summary>
    private const int MaxName = 64;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

    /// <summary>What is asked for; null when the model is not to call any.</summary>
    /// <exception cref="ApiException">One is wrong.</exception>
    public static ToolUse? Read(RequestFields body)
    {
        var parallel = body.Flag("parallel_tool_calls") ?? true;
        var tools = body.Any("tools");
        var choice = body.Any("tool_choice");
        if (tools is not { } array || (array.ValueKind == JsonValueKind.Array && array.GetArrayLength() == 0))
        {
            return choice is { ValueKind: JsonValueKind.Object } or { ValueKind: JsonValueKind.String } && choice.Value.ToString() is not ("none" or "auto")
                ? throw ApiException.InvalidValue("tool_choice", "'tool_choice' asks for a call, but the request has no 'tools'.")
                : null;
        }

        CheckCount(array);
        var functions = array.EnumerateArray().Select((tool, i) => Function(tool, $"tools[{i}]")).ToList();
        CheckNames(functions, "function.name");

        var wanted = Wanted(choice, functions);
        return wanted is var (callable, must) ? new ToolUse(JsonArray.Create(array)!, callable, must, parallel) : null;
    }

    /// <summary>Sees that there are tools, and not too many.</summary>
    internal static void CheckCount(JsonElement tools)
    {
        if (tools.ValueKind != JsonValueKind.Array)
        {
            throw ApiException.InvalidType("tools", "an array of tools", RequestFields.Kind(tools));
        }

        if (tools.GetArrayLength() > MaxCount)
        {
            throw ApiException.InvalidValue("tools", $"'tools' has {tools.GetArrayLength()} tools; it takes up to {MaxCount}.");
        }
    }

    /// <summary>Sees that each has a name of its own.</summary>
    internal static void CheckNames(List<ToolFunction> functions, string field)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        if (functions.FindIndex(function => !names.Add(function.Name)) is var again and >= 0)
        {
            var path = $"tools[{again}].{field}";
            throw ApiException.InvalidValue(path, $"'{path}' is '{functions[again].Name}', which another tool is called already; give each its own name.");
        }
    }

    /// <summary>The name of a function.</summary>
    internal static string Name(RequestFields function, int most = MaxName)
    {
        var name = function.Text("name") is { Length: > 0 } given ? given : throw ApiException.Missing(function.Path("name"));
        return name.Length > most || name.AsSpan().ContainsAnyExcept(NameCharacters)
            ? throw ApiException.InvalidValue(function.Path("name"), $"'{function.Path("name")}' must be 1 to {most} letters, digits, '_', '-' or '.'.")
            : name;
    }

    /// <summary>A tool as templates see it, whatever dialect has named it: the same tools make the same prompt.</summary>
    internal static JsonObject Describe(string name, string? description, JsonElement? parameters)
    {
        var function = new JsonObject { ["name"] = name };
        if (description is not null)
        {
            function["description"] = description;
        }

        if (parameters is { } schema)
        {
            function["parameters"] = JsonObject.Create(schema);
        }

        return new JsonObject { ["type"] = "function", ["function"] = function };
    }

    private static ToolFunction Function(JsonElement tool, string path)
    {
        var fields = tool.ValueKind == JsonValueKind.Object
            ? new RequestFields(tool, path)
            : throw ApiException.InvalidType(path, "an object", RequestFields.Kind(tool));
        if (fields.Text("type") is not (null or "function"))
        {
            throw ApiException.Unsupported(fields.Path("type"), $"'{fields.Path("type")}' is '{fields.Text("type")}'; only functions can be called.");
        }

        var function = fields.Object("function") ?? throw ApiException.Missing(fields.Path("function"));
        var name = Name(function);
        var parameters = function.Any("parameters");
        return parameters is { ValueKind: not JsonValueKind.Object } other
            ? throw ApiException.InvalidType(function.Path("parameters"), "a JSON schema", RequestFields.Kind(other))
            : new ToolFunction(name, parameters, function.Path("parameters"), function.Flag("strict") ?? false);
    }

    /// <summary>The functions that may be called and whether one must be; null for none.</summary>
    private static (List<ToolFunction> Functions, bool Must)? Wanted(JsonElement? choice, List<ToolFunction> functions)
    {
        switch (choice)
        {
            case null:
                return (functions, false);
            case { ValueKind: JsonValueKind.String } word:
                return word.GetString() switch
                {
                    "none" => null,
                    "auto" => (functions, false),
                    "required" => (functions, true),
                    var other => throw ApiException.InvalidValue(
                        "tool_choice", $"'tool_choice' is '{other}'; it takes none, auto, required or an object that names a function."),
                };
            case { ValueKind: JsonValueKind.Object } several when new RequestFields(several, "tool_choice").Object("allowed_tools") is { } allowed:
                return Allowed(allowed, functions);
            case { ValueKind: JsonValueKind.Object } one:
                var function = new RequestFields(one, "tool_choice").Object("function") ?? throw ApiException.Missing("tool_choice.function");
                var name = function.Text("name") ?? throw ApiException.Missing("tool_choice.function.name");
                var named = functions.Where(f => f.Name == name).ToList();
                return named.Count > 0
                    ? (named, true)
                    : throw ApiException.InvalidValue("tool_choice.function.name", $"'tool_choice' names '{name}', which is none of the 'tools'.");
            default:
                throw ApiException.InvalidType("tool_choice", "none, auto, required or an object that names a function", RequestFields.Kind(choice.Value));
        }
    }

    /// <summary>Some of the functions, of which one must be called or none.</summary>
    private static (List<ToolFunction> Functions, bool Must) Allowed(RequestFields allowed, List<ToolFunction> functions)
    {
        var mode = allowed.Text("mode") ?? "auto";
        if (mode is not ("auto" or "required"))
        {
            throw ApiException.InvalidValue(allowed.Path("mode"), $"'{allowed.Path("mode")}' is '{mode}'; it takes auto or required.");
        }

        var names = allowed.Any("tools") is { ValueKind: JsonValueKind.Array } tools
            ? tools.EnumerateArray().Select((tool, i) => Function(tool, $"{allowed.Path("tools")}[{i}]").Name).ToHashSet()
            : throw ApiException.Missing(allowed.Path("tools"));
        var chosen = functions.Where(function => names.Contains(function.Name)).ToList();
        return names.FirstOrDefault(name => !chosen.Exists(function => function.Name == name)) is { } unknown
            ? throw ApiException.InvalidValue(allowed.Path("tools"), $"'{allowed.Path("tools")}' names '{unknown}', which is none of the 'tools'.")
            : chosen.Count > 0 ? (chosen, mode == "required") : throw ApiException.InvalidValue(allowed.Path("tools"), $"'{allowed.Path("tools")}' names none.");
    }
}
