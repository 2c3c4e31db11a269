using System.Text.Json;
using System.Text.Json.Nodes;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Whether schemas can be told to exclude each other, so that a value that satisfies one satisfies no other.</summary>
internal sealed class SchemaExclusion(SchemaOpener opener, CompileMeter meter)
{
    // A property of a property of a property is where the search for a difference ends.
    private const int MaxDepth = 3;

    private readonly Dictionary<int, bool> _known = [];

    /// <summary>Whether any two schemas of an array exclude each other.</summary>
    public bool AllExclude(SchemaNode choice)
    {
        if (!_known.TryGetValue(choice.Id, out var exclude))
        {
            SchemaParts[] schemas = [.. choice.Children.Select(static schema => new SchemaSet(schema)).Select(opener.Open)];
            exclude = true;
            for (var i = 1; exclude && i < schemas.Length; i++)
            {
                for (var k = 0; exclude && k < i; k++)
                {
                    exclude = Exclude(schemas[i], schemas[k], MaxDepth);
                }
            }

            _known.Add(choice.Id, exclude);
        }

        return exclude;
    }

    private bool Exclude(SchemaParts one, SchemaParts other, int depth)
    {
        meter.Work();
        if (one.Nothing is not null || other.Nothing is not null)
        {
            return true;
        }

        if (depth < 0)
        {
            return false;
        }

        return OwnExclude(one.Own, other.Own, depth)
            || one.Choices.Exists(choice => choice.Children.All(option => Exclude(opener.Open(new SchemaSet(option)), other, depth - 1)))
            || other.Choices.Exists(choice => choice.Children.All(option => Exclude(opener.Open(new SchemaSet(option)), one, depth - 1)));
    }

    private bool OwnExclude(List<SchemaNode> one, List<SchemaNode> other, int depth)
    {
        if (Values(one) is { } values && Values(other) is { } others)
        {
            return !values.Exists(value => others.Exists(second => IsSame(value, second)));
        }

        var (types, otherTypes) = (Types(one), Types(other));
        if (types is null || otherTypes is null)
        {
            return false;
        }

        var both = types.Where(type => otherTypes.Contains(type) || (type == "integer" && otherTypes.Contains("number")) || (type == "number" && otherTypes.Contains("integer"))).ToList();
        return both.Count == 0 || (both is ["object"] && (Differ(one, other, depth) || Lacks(one, other) || Lacks(other, one)));
    }

    /// <summary>Whether a property that both require excludes.</summary>
    private bool Differ(List<SchemaNode> one, List<SchemaNode> other, int depth) =>
        Required(one).Intersect(Required(other)).Any(name => Property(one, name) is { } first && Property(other, name) is { } second
            && Exclude(opener.Open(first), opener.Open(second), depth - 1));

    /// <summary>Whether one requires a property that the other does not take.</summary>
    private static bool Lacks(List<SchemaNode> one, List<SchemaNode> other) => Required(one).Any(name => other.Exists(schema =>
        schema.Find("additionalProperties")?.Element.ValueKind == JsonValueKind.False && schema.Find("patternProperties") is null && schema.Find("properties")?.Find(name) is null));

    private static SchemaSet? Property(List<SchemaNode> schemas, string name)
    {
        SchemaClause[] found = [.. schemas.Select(schema => schema.Find("properties")?.Find(name)).OfType<SchemaNode>().Select(SchemaClause.Whole)];
        return found.Length > 0 ? new SchemaSet(found) : null;
    }

    private static IEnumerable<string> Required(List<SchemaNode> schemas) => schemas
        .SelectMany(static schema => schema.Find("required")?.Children ?? [])
        .Where(static name => name.Element.ValueKind == JsonValueKind.String)
        .Select(static name => name.Element.GetString()!);

    private static IReadOnlyList<string>? Types(List<SchemaNode> schemas) =>
        Values(schemas) is { } values ? [.. values.Select(TypeOf).Distinct()] : SchemaKeywords.TypesOf(schemas);

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.Null => "null",
        _ => "boolean",
    };

    private static List<JsonElement>? Values(List<SchemaNode> schemas)
    {
        foreach (var schema in schemas)
        {
            if (schema.Find("const") is { } constant)
            {
                return [constant.Element];
            }

            if (schema.Find("enum")?.Element is { ValueKind: JsonValueKind.Array } values)
            {
                return [.. values.EnumerateArray()];
            }
        }

        return null;
    }

    /// <summary>Whether two values are the same to JSON Schema.</summary>
    public static bool IsSame(JsonElement one, JsonElement other) => one.ValueKind == other.ValueKind && one.ValueKind switch
    {
        JsonValueKind.String => one.ValueEquals(other.GetString()),
        JsonValueKind.Number => one.GetRawText() == other.GetRawText() || (one.TryGetDecimal(out var a) && other.TryGetDecimal(out var b) ? a == b : one.GetDouble() == other.GetDouble()),
        JsonValueKind.Object or JsonValueKind.Array => JsonNode.DeepEquals(JsonNode.Parse(one.GetRawText()), JsonNode.Parse(other.GetRawText())),
        _ => true,
    };
}
