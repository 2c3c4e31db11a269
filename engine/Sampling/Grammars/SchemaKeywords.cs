using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// The keywords of JSON Schema as this compiler sees them. Whatever is not among them says nothing about what is valid: an annotation,
/// whatever its name.
/// </summary>
internal static class SchemaKeywords
{
    private static readonly Dictionary<string, string[]> ByType = new(StringComparer.Ordinal)
    {
        ["object"] =
        [
            "properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties", "maxProperties",
            "unevaluatedProperties", "dependentRequired", "dependentSchemas", "dependencies",
        ],
        ["array"] = ["items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains", "unevaluatedItems"],
        ["string"] = ["pattern", "format", "minLength", "maxLength"],
        ["number"] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
        ["integer"] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
        ["boolean"] = [],
        ["null"] = [],
    };

    private static readonly HashSet<string> Assertions = new(ByType.Values.SelectMany(static words => words), StringComparer.Ordinal)
    {
        "type", "enum", "const", "not", "if", "$dynamicRef", "$recursiveRef",
    };

    /// <summary>Keywords whose value is an array of schemas of which one holds.</summary>
    public static readonly string[] Choices = ["anyOf", "oneOf"];

    /// <summary>Keywords about values of any type that cannot be enforced.</summary>
    public static readonly string[] Unenforceable = ["not", "if", "$dynamicRef", "$recursiveRef"];

    /// <summary>The names of the types.</summary>
    public static IReadOnlyCollection<string> Types => ByType.Keys;

    /// <summary>Whether a keyword says something about the value itself.</summary>
    public static bool IsAssertion(string keyword) => Assertions.Contains(keyword);

    /// <summary>Whether a keyword says that other schemas hold.</summary>
    public static bool IsApplicator(string keyword) => keyword is "$ref" or "allOf" or "anyOf" or "oneOf";

    /// <summary>
    /// The types that all of <paramref name="schemas"/> allow, in the order of the first that names any; where none does, the type that their
    /// keywords speak of; null for any.
    /// </summary>
    public static IReadOnlyList<string>? TypesOf(IReadOnlyList<SchemaNode> schemas)
    {
        IReadOnlyList<string>? types = null;
        foreach (var schema in schemas)
        {
            if (Named(schema) is { } named)
            {
                types = types is null ? named : [.. types.SelectMany(_ => named, Both).OfType<string>().Distinct()];
            }

            if (schema.Find("not") is { IsObject: true } not && not.Element.EnumerateObject().Take(2).ToArray() is [{ Name: "type" }] && Named(not) is { } barred)
            {
                types = [.. (types ?? [.. Types.Where(static type => type != "integer")]).Where(type => !barred.Contains(type))];
            }
        }

        return types ?? Spoken(schemas);
    }

    /// <summary>Whether a value is of one of the types; of any where there are none.</summary>
    public static bool IsOfType(JsonElement value, IReadOnlyList<string>? types) => types is null || types.Any(type => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var number) && number == decimal.Truncate(number),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind == JsonValueKind.Null,
    });

    /// <summary>A keyword that counts something: 0 to <paramref name="limit"/>, or null where it is not there.</summary>
    public static int? Count(SchemaNode schema, string keyword, int limit) => schema.Find(keyword)?.Element is not { } value
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var count) && count >= 0 && count <= limit && count == decimal.Truncate(count)
            ? (int)count
            : throw new GrammarException($"{schema}/{keyword}", $"is a whole number from 0 to {limit}");

    private static IReadOnlyList<string>? Named(SchemaNode schema)
    {
        if (schema.Find("type")?.Element is not { } type)
        {
            return null;
        }

        string?[] names = type.ValueKind switch
        {
            JsonValueKind.String => [type.GetString()],
            JsonValueKind.Array => [.. type.EnumerateArray().Select(static name => name.ValueKind == JsonValueKind.String ? name.GetString() : null)],
            _ => [null],
        };
        return names.Length > 0 && Array.TrueForAll(names, static name => name is not null && ByType.ContainsKey(name))
            ? [.. names.Select(static name => name!).Distinct()]
            : throw new GrammarException($"{schema}/type", $"is one or several of {string.Join(", ", Types)}");
    }

    private static string? Both(string one, string other) => one == other ? one
        : (one, other) is ("integer", "number") or ("number", "integer") ? "integer"
        : null;

    private static IReadOnlyList<string>? Spoken(IReadOnlyList<SchemaNode> schemas)
    {
        var spoken = ByType.FirstOrDefault(entry => Array.Exists(entry.Value, word => schemas.Any(schema => schema.Find(word) is not null))).Key;
        return spoken is null || schemas.Any(static schema => schema.Find("enum") is not null || schema.Find("const") is not null) ? null : [spoken];
    }
}
