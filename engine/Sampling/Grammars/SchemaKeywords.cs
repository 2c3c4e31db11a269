using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>The keywords of JSON Schema as this compiler sees them.</summary>
internal static class SchemaKeywords
{
    /// <summary>Say something about the schema and nothing about what is valid.</summary>
    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "deprecated", "readOnly",
        "writeOnly",
    };

    private static readonly Dictionary<string, string[]> ByType = new(StringComparer.Ordinal)
    {
        ["object"] = ["properties", "required", "additionalProperties"],
        ["array"] = ["items", "minItems", "maxItems"],
        ["string"] = ["pattern", "format", "minLength", "maxLength"],
        ["number"] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
        ["integer"] = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
        ["boolean"] = [],
        ["null"] = [],
    };

    private static readonly HashSet<string> Assertions = new(ByType.Values.SelectMany(words => words), StringComparer.Ordinal)
    {
        "type", "enum", "const", "anyOf", "allOf", "$ref",
    };

    /// <summary>The names of the types.</summary>
    public static IEnumerable<string> Types => ByType.Keys;

    /// <summary>Refuses a schema with a keyword that is not understood, as leaving it out would allow what the schema forbids.</summary>
    public static void Check(JsonElement schema, SchemaPlace place)
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            if (!Assertions.Contains(keyword.Name) && !Annotations.Contains(keyword.Name))
            {
                throw new GrammarException(
                    place,
                    $"the keyword \"{keyword.Name}\" is not supported; understood are {string.Join(", ", Assertions.Order(StringComparer.Ordinal))}");
            }
        }
    }

    /// <summary>Refuses assertions beside a keyword whose meaning they would narrow down.</summary>
    public static void CheckAlone(JsonElement schema, string keyword, SchemaPlace place)
    {
        foreach (var other in schema.EnumerateObject())
        {
            if (other.Name != keyword && Assertions.Contains(other.Name))
            {
                throw new GrammarException(place, $"\"{other.Name}\" beside \"{keyword}\" is not supported; move it into the schemas of \"{keyword}\"");
            }
        }
    }

    /// <summary>The types a schema allows: those it names, else those its keywords speak of, else none, which stands for any.</summary>
    public static IReadOnlyList<string> TypesOf(JsonElement schema, SchemaPlace place)
    {
        if (!schema.TryGetProperty("type", out var type))
        {
            var spoken = ByType.FirstOrDefault(entry => Array.Exists(entry.Value, word => schema.TryGetProperty(word, out _))).Key;
            return spoken is null ? [] : [spoken];
        }

        string?[] names = type.ValueKind switch
        {
            JsonValueKind.String => [type.GetString()],
            JsonValueKind.Array => [.. type.EnumerateArray().Select(name => name.ValueKind == JsonValueKind.String ? name.GetString() : null)],
            _ => [null],
        };
        return names.Length > 0 && Array.TrueForAll(names, name => name is not null && ByType.ContainsKey(name))
            ? [.. names.Select(name => name!).Distinct()]
            : throw new GrammarException($"{place}/type", $"is one or several of {string.Join(", ", Types)}");
    }

    /// <summary>Whether a value is of one of the types; of any where there are none.</summary>
    public static bool IsOfType(JsonElement value, IReadOnlyList<string> types) => types.Count == 0 || types.Any(type => type switch
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
    public static int? Count(JsonElement schema, string keyword, SchemaPlace place, int limit) => !schema.TryGetProperty(keyword, out var value)
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var count) && count >= 0 && count <= limit && count == decimal.Truncate(count)
            ? (int)count
            : throw new GrammarException($"{place}/{keyword}", $"is a whole number from 0 to {limit}");
}
