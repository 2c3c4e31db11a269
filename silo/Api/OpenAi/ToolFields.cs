using System.Text.Json.Nodes;
using System.Text.Json;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Engine.Sampling.Grammars;
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

    /// <summary>Reads <c>tools</c> and <c>tool_choice</c>; null when the model is not to call any.</summary>
    /// <exception cref="ApiException">One is wrong, or the model was not taught to call tools.</exception>
    public static async Task<ToolFields?> Read(RequestFields body, ServedModel model, GrammarCheck grammars)
    {
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

        return new ToolFields
        {
            Tools = JsonArray.Create(array)!,
            Style = model.ToolStyle,
            Structure = await Constrain(model.ToolStyle, wanted.Value.Functions, wanted.Value.Must, grammars),
        };
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

    private static async Task<OutputStructure?> Constrain(ToolCallStyle style, List<ToolFunction> functions, bool must, GrammarCheck grammars)
    {
        if (style == ToolCallStyle.Llama && !must)
        {
            // Such a call has no opening by which it could be told from an answer that is JSON.
            return null;
        }

        // First as they are, then without what cannot be enforced; and where they are too many together, before or after that, with the strict ones alone.
        var (areChecked, areTooMany) = (false, false);
        while (true)
        {
            var structure = OfCalls(style, functions, must);
            try
            {
                await grammars.Compile(structure.Source);
                return structure;
            }
            catch (GrammarException e) when (e.IsLimit ? !areTooMany : !areChecked)
            {
                (areChecked, areTooMany) = (true, e.IsLimit);
                functions = await WithoutUnenforceable(functions, e.IsLimit, grammars);
            }
            catch (GrammarException e)
            {
                throw ApiException.InvalidValue("tools", $"'tools', all together: {e.Message}");
            }
        }
    }

    /// <summary>
    /// The functions with parameters that can be enforced. Where one is not asked to be strict, what cannot be enforced, or not together with
    /// the others, is left to the model, within JSON.
    /// </summary>
    private static async Task<List<ToolFunction>> WithoutUnenforceable(List<ToolFunction> functions, bool areTooMany, GrammarCheck grammars)
    {
        var enforceable = new List<ToolFunction>();
        foreach (var function in functions)
        {
            try
            {
                if (function.IsStrict || !areTooMany)
                {
                    await grammars.Compile(GrammarSource.JsonSchema(function.Schema));
                }

                enforceable.Add(areTooMany && !function.IsStrict ? function with { Parameters = null } : function);
            }
            catch (GrammarException e)
            {
                enforceable.Add(function.IsStrict
                    ? throw ApiException.InvalidValue(function.Path, $"'{function.Path}': {e.Message}")
                    : function with { Parameters = null });
            }
        }

        return enforceable;
    }

    private static OutputStructure OfCalls(ToolCallStyle style, List<ToolFunction> functions, bool must)
    {
        var key = style == ToolCallStyle.Llama ? "parameters" : "arguments";
        var schemas = new JsonArray();
        foreach (var function in functions)
        {
            var arguments = JsonNode.Parse(function.Schema)!;
            SchemaReferences.Move(arguments, $"#/anyOf/{schemas.Count}/properties/{key}");
            schemas.Add(new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["name"] = new JsonObject { ["const"] = function.Name }, [key] = arguments },
                ["required"] = new JsonArray("name", key),
                ["additionalProperties"] = false,
            });
        }

        var source = GrammarSource.JsonSchema(new JsonObject { ["anyOf"] = schemas }.ToJsonString());
        var opening = ToolCallStyles.Opening(style);
        return style switch
        {
            ToolCallStyle.Hermes when must => new OutputStructure(source with { Before = opening + "\n", After = "\n" + ToolCallStyles.Closing(style) }),
            ToolCallStyle.Hermes => new OutputStructure(source with { Before = "\n", After = "\n" + ToolCallStyles.Closing(style) }, opening),
            ToolCallStyle.Mistral when must => new OutputStructure(source with { Before = "[", After = "]" }),
            ToolCallStyle.Mistral => new OutputStructure(source with { Before = "[", After = "]" }, opening),
            _ => new OutputStructure(source),
        };
    }

    private sealed record ToolFunction(string Name, JsonElement? Parameters, string Path, bool IsStrict)
    {
        /// <summary>Of its arguments: any object where it says nothing of them.</summary>
        public string Schema => Parameters?.GetRawText() ?? """{"type":"object"}""";
    }
}
