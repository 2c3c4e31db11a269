using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Responses;

/// <summary>The fields <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c> of the Responses API, where functions stand without a wrapping.</summary>
internal static class ResponseTools
{
    /// <summary>What is asked for; null when the model is not to call any.</summary>
    /// <exception cref="ApiException">One is wrong.</exception>
    public static ToolUse? Read(RequestFields body)
    {
        var parallel = body.Flag("parallel_tool_calls") ?? true;
        var choice = body.Any("tool_choice");
        var tools = body.Any("tools");
        if (tools is not { } array || (array.ValueKind == JsonValueKind.Array && array.GetArrayLength() == 0))
        {
            return choice is null || (choice is { ValueKind: JsonValueKind.String } word && word.GetString() is "auto" or "none")
                ? null
                : throw ApiException.InvalidValue("tool_choice", "'tool_choice' asks for a call, but the request has no 'tools'.");
        }

        ToolFields.CheckCount(array);
        var described = new JsonArray();
        var functions = array.EnumerateArray().Select((tool, i) => Function(tool, $"tools[{i}]", described)).ToList();
        ToolFields.CheckNames(functions, "name");
        return Wanted(choice, functions) is var (callable, must) ? new ToolUse(described, callable, must, parallel) : null;
    }

    private static ToolFunction Function(JsonElement tool, string path, JsonArray described)
    {
        var fields = tool.ValueKind == JsonValueKind.Object ? new RequestFields(tool, path) : throw ApiException.InvalidType(path, "an object", RequestFields.Kind(tool));
        var type = fields.Text("type") ?? throw ApiException.Missing(fields.Path("type"));
        if (type != "function")
        {
            throw ApiException.Unsupported(fields.Path("type"), $"'{fields.Path("type")}' is '{type}', a tool that this server does not have; only functions can be called.");
        }

        var name = ToolFields.Name(fields);
        var parameters = fields.Any("parameters");
        if (parameters is { ValueKind: not JsonValueKind.Object } other)
        {
            throw ApiException.InvalidType(fields.Path("parameters"), "a JSON schema", RequestFields.Kind(other));
        }

        described.Add((JsonNode)ToolFields.Describe(name, fields.Text("description"), parameters));
        return new ToolFunction(name, parameters, fields.Path("parameters"), fields.Flag("strict") ?? false);
    }

    /// <summary>The functions that may be called and whether one must be; null for none.</summary>
    private static (List<ToolFunction> Functions, bool Must)? Wanted(JsonElement? choice, List<ToolFunction> functions)
    {
        if (choice is null or { ValueKind: JsonValueKind.String })
        {
            return choice?.GetString() switch
            {
                "none" => null,
                null or "auto" => (functions, false),
                "required" => (functions, true),
                var word => throw ApiException.InvalidValue("tool_choice", $"'tool_choice' is '{word}'; it takes none, auto, required or an object that names a function."),
            };
        }

        if (choice is not { ValueKind: JsonValueKind.Object } given)
        {
            throw ApiException.InvalidType("tool_choice", "none, auto, required or an object that names a function", RequestFields.Kind(choice.Value));
        }

        var fields = new RequestFields(given, "tool_choice");
        switch (fields.Text("type"))
        {
            case "function":
                return ([Named(fields, functions)], true);
            case "allowed_tools":
                var mode = fields.Text("mode") ?? "auto";
                if (mode is not ("auto" or "required"))
                {
                    throw ApiException.InvalidValue("tool_choice.mode", $"'tool_choice.mode' is '{mode}'; it takes auto or required.");
                }

                var allowed = fields.Any("tools") is { ValueKind: JsonValueKind.Array } tools && tools.GetArrayLength() > 0 ? tools : throw ApiException.Missing("tool_choice.tools");
                return ([.. allowed.EnumerateArray().Select((tool, i) => Allowed(tool, $"tool_choice.tools[{i}]", functions)).Distinct()], mode == "required");
            case var type:
                throw ApiException.Unsupported("tool_choice.type", $"'tool_choice.type' is '{type}'; it takes function or allowed_tools.");
        }
    }

    private static ToolFunction Allowed(JsonElement tool, string path, List<ToolFunction> functions) => tool.ValueKind == JsonValueKind.Object
        ? Named(new RequestFields(tool, path), functions)
        : throw ApiException.InvalidType(path, "an object", RequestFields.Kind(tool));

    private static ToolFunction Named(RequestFields fields, List<ToolFunction> functions)
    {
        var name = fields.Text("name") ?? throw ApiException.Missing(fields.Path("name"));
        return functions.Find(function => function.Name == name)
            ?? throw ApiException.InvalidValue(fields.Path("name"), $"'{fields.Path("name")}' is '{name}', which is none of the 'tools'.");
    }
}
