using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>What compilers of calls whose arguments are no JSON object have in common: parameters one by one, and what of their schemas cannot be held.</summary>
internal sealed class ToolSchemas(ByteNetwork network, JsonFragments json, List<string> unenforced)
{
    // What the compilers read of the schema of a value that is no JSON, and what changes nothing.
    private static readonly string[] Held = ["type", "enum", "const", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"];

    /// <summary>The names that a schema requires.</summary>
    public static HashSet<string> Required(JsonElement schema) =>
        schema.TryGetProperty("required", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(static name => name.ValueKind == JsonValueKind.String).Select(static name => name.GetString()!).ToHashSet(StringComparer.Ordinal)
            : [];

    /// <summary>The properties of a schema of an object; null where it lists none.</summary>
    public static JsonElement? Properties(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object ? properties : null;

    /// <summary>Its type where it has one.</summary>
    public static string? Type(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString() : null;

    /// <summary>What <c>const</c> or <c>enum</c> leave of values.</summary>
    public static JsonElement[]? Choices(JsonElement schema)
    {
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        return schema.TryGetProperty("const", out var only) ? [only]
            : schema.TryGetProperty("enum", out var some) && some.ValueKind == JsonValueKind.Array && some.GetArrayLength() > 0 ? [.. some.EnumerateArray()]
            : null;
    }

    /// <summary>Tells of the keywords that are held neither by nature nor by <paramref name="held"/>.</summary>
    public void LeaveOthers(ToolSource.Tool tool, string place, JsonElement schema, string fault, params string[] held)
    {
        foreach (var keyword in schema.EnumerateObject().Where(keyword => !Held.Contains(keyword.Name) && !held.Contains(keyword.Name)))
        {
            Leave(tool, $"{place}/{keyword.Name}", fault);
        }
    }

    /// <summary>Takes note of what cannot be enforced.</summary>
    /// <exception cref="GrammarException">It has to be.</exception>
    public void Leave(ToolSource.Tool tool, string place, string fault)
    {
        if (tool.IsStrict)
        {
            throw new GrammarException(tool.Field, $"{place}: {fault}");
        }

        unenforced.Add(tool.Field + place);
    }

    /// <summary>A rule of a JSON value by its schema; of a tool that is not strict any value where that cannot be held.</summary>
    public int JsonRule(ToolSource.Tool tool, string place, JsonElement schema)
    {
        var start = network.BeginRule(out var rule);
        var mark = network.Mark();
        try
        {
            var report = new SchemaReport(tool.Field + place, tool.IsStrict);
            var end = JsonSchemaCompiler.Append(network, json, start, schema, report);
            network.EndRule(end);
            if (NetworkEnds.Of(network)[start])
            {
                unenforced.AddRange(report.Unenforced);
                return rule;
            }

            throw new GrammarException(tool.Field, $"{place}: no finite text satisfies it");
        }
        catch (GrammarException e) when (!tool.IsStrict && !e.IsTimeLimit)
        {
            network.Rollback(mark, start);
            json.Rollback(mark);
            unenforced.Add(tool.Field + place);
            network.EndRule(json.Value(start));
            return rule;
        }
        catch (GrammarException e) when (tool.IsStrict)
        {
            throw new GrammarException(tool.Field, e.Message) { IsLimit = e.IsLimit, IsTimeLimit = e.IsTimeLimit };
        }
    }
}
