using System.Text.Json;
using System.Text.Json.Nodes;
using Crescent.Grains.Requests;
using Crescent.Silo.Api.OpenAi;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.Messages;

/// <summary>The fields <c>tools</c> and <c>tool_choice</c> of Anthropic's dialect.</summary>
internal static class MessageTools
{
    /// <summary>Characters of a tool's name, as Anthropic's.</summary>
    private const int MaxName = 128;

    /// <summary>What is asked for; null when the model is not to call any.</summary>
    /// <exception cref="ApiException">One is wrong.</exception>
    public static ToolUse? Read(RequestFields body)
    {
        var choice = body.Object("tool_choice");
        var kind = choice is null ? "auto" : choice.Text("type") ?? throw ApiException.Missing("tool_choice.type");
        if (kind is not ("auto" or "any" or "tool" or "none"))
        {
            throw ApiException.InvalidValue("tool_choice.type", $"'tool_choice.type' is '{kind}'; it takes auto, any, tool or none.");
        }

        var tools = body.Any("tools");
        if (tools is not { } array || (array.ValueKind == JsonValueKind.Array && array.GetArrayLength() == 0))
        {
            return kind is "auto" or "none" ? null : throw ApiException.InvalidValue("tool_choice", "'tool_choice' asks for a call, but the request has no 'tools'.");
        }

        ToolFields.CheckCount(array);
        var described = new JsonArray();
        var functions = array.EnumerateArray().Select((tool, i) => Function(tool, $"tools[{i}]", described)).ToList();
        ToolFields.CheckNames(functions, "name");
        var parallel = !(choice?.Flag("disable_parallel_tool_use") ?? false);
        return kind switch
        {
            "none" => null,
            "tool" => new ToolUse(described, [Named(choice!, functions)], Must: true, parallel),
            _ => new ToolUse(described, functions, Must: kind == "any", parallel),
        };
    }

    private static ToolFunction Named(RequestFields choice, List<ToolFunction> functions)
    {
        var name = choice.Text("name") ?? throw ApiException.Missing("tool_choice.name");
        return functions.Find(function => function.Name == name)
            ?? throw ApiException.InvalidValue("tool_choice.name", $"'tool_choice.name' is '{name}', which is none of the 'tools'.");
    }

    private static ToolFunction Function(JsonElement tool, string path, JsonArray described)
    {
        var fields = tool.ValueKind == JsonValueKind.Object ? new RequestFields(tool, path) : throw ApiException.InvalidType(path, "an object", RequestFields.Kind(tool));
        if (fields.Text("type") is { } type && type != "custom")
        {
            throw ApiException.Unsupported(fields.Path("type"), $"'{fields.Path("type")}' is '{type}', a tool that this server does not have; only tools with an 'input_schema' can be called.");
        }

        var name = ToolFields.Name(fields, MaxName);
        var schema = fields.Any("input_schema") ?? throw ApiException.Missing(fields.Path("input_schema"));
        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw ApiException.InvalidType(fields.Path("input_schema"), "a JSON schema", RequestFields.Kind(schema));
        }

        described.Add((JsonNode)ToolFields.Describe(name, fields.Text("description"), schema));
        return new ToolFunction(name, schema, fields.Path("input_schema"), fields.Flag("strict") ?? false);
    }
}
