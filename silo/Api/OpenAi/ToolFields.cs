using System.Text.Json.Nodes;
using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling;
using Crescent.Grains.Models;
using Crescent.Silo.Api.Wire;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>The tools of a chat request, and how the model is to call them.</summary>
internal sealed record ToolFields
{
    /// <summary>Tools that a request may have.</summary>
    public const int MaxCount = 128;

    /// <summary>For the chat template.</summary>
    public required JsonArray Tools { get; init; }

    /// <summary>How the model writes calls.</summary>
    public required ToolCallStyle Style { get; init; }

    /// <summary>What its calls have to look like, and from where on.</summary>
    public OutputStructure? Structure { get; init; }

    /// <summary>What of the tools' schemas is not enforced: the field, and the place and keyword in the schema.</summary>
    public IReadOnlyList<string> Unenforced { get; init; } = [];

    /// <summary>
    /// Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>; null when the model is not to call any.
    /// </summary>
    /// <param name="body">The request.</param>
    /// <param name="model">The model.</param>
    /// <param name="grammars">Compiles what the calls have to look like.</param>
    /// <param name="answer">What an answer that calls none has to look like, or null.</param>
    /// <exception cref="ApiException">One is wrong, or the model was not taught to call tools.</exception>
    public static async Task<ToolFields?> Read(RequestFields body, ServedModel model, GrammarCheck grammars, AskedStructure? answer = null)
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

        if (array.ValueKind != JsonValueKind.Array || array.GetArrayLength() > MaxCount)
        {
            throw ApiException.InvalidType("tools", $"an array of up to {MaxCount} tools", RequestFields.Kind(array));
        }

        var functions = array.EnumerateArray().Select((tool, i) => Function(tool, $"tools[{i}]")).ToList();
        var wanted = Wanted(choice, functions);
        if (wanted is null)
        {
            return null;
        }

        if (model.ToolStyle == ToolCallStyle.None)
        {
            throw ApiException.Unsupported("tools", $"Model '{model.Id}' was not taught to call tools, as its chat template tells.");
        }

        var form = new ToolCallForm(model.ToolStyle, wanted.Value.Must, wanted.Value.Must ? null : answer, parallel);
        var (structure, unenforced) = await form.Constrain(wanted.Value.Functions, grammars);
        return new ToolFields { Tools = JsonArray.Create(array)!, Style = model.ToolStyle, Structure = structure, Unenforced = unenforced };
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
        var name = function.Text("name") is { Length: > 0 } given ? given : throw ApiException.Missing(function.Path("name"));
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
}
