using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Crescent.Tests.Engine.Sampling.Grammars;

/// <summary>Says whether a JSON value is valid by a schema, for the keywords the grammar compiler understands.</summary>
internal static class SchemaValidator
{
    public static bool IsValid(JsonElement value, JsonNode schema, JsonNode document)
    {
        if (schema.GetValueKind() is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.GetValueKind() == JsonValueKind.True;
        }

        var map = schema.AsObject();
        return (map["$ref"] is not { } reference || IsValid(value, Find(document, (string)reference!), document))
            && (map["anyOf"] is not JsonArray any || any.Any(way => IsValid(value, way!, document)))
            && (map["oneOf"] is not JsonArray one || one.Count(way => IsValid(value, way!, document)) == 1)
            && (map["allOf"] is not JsonArray all || all.All(way => IsValid(value, way!, document)))
            && (map["enum"] is not JsonArray values || values.Any(given => IsEqual(value, given)))
            && (!map.ContainsKey("const") || IsEqual(value, map["const"]))
            && (map["type"] is not { } type || (type as JsonArray ?? [type.DeepClone()]).Any(name => IsOfType(value, (string)name!)))
            && value.ValueKind switch
            {
                JsonValueKind.Object => IsValidObject(value, map, document),
                JsonValueKind.Array => IsValidArray(value, map, document),
                JsonValueKind.String => IsValidString(value.GetString()!, map),
                JsonValueKind.Number => IsValidNumber(value, map),
                _ => true,
            };
    }

    private static JsonNode Find(JsonNode document, string reference) =>
        reference == "#" ? document : reference.Split('/').Skip(1).Aggregate(document, (node, name) => node[name]!);

    private static bool IsEqual(JsonElement value, JsonNode? other) =>
        JsonNode.DeepEquals(JsonNode.Parse(value.GetRawText()), other is null ? null : JsonNode.Parse(other.ToJsonString()));

    private static bool IsOfType(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind == JsonValueKind.Null,
    };

    private static bool IsValidObject(JsonElement value, JsonObject schema, JsonNode document)
    {
        var names = value.EnumerateObject().Select(property => property.Name).ToList();
        var properties = schema["properties"]?.AsObject();
        // Only of names that the schema does not tell may one come twice.
        var declared = names.Where(name => properties?.ContainsKey(name) == true).ToList();
        return declared.Distinct().Count() == declared.Count
            && (schema["required"] as JsonArray ?? []).All(name => names.Contains((string)name!))
            && names.Count >= ((int?)schema["minProperties"] ?? 0)
            && names.Count <= ((int?)schema["maxProperties"] ?? int.MaxValue)
            && value.EnumerateObject().All(property => IsValidProperty(property, schema, properties, document));
    }

    private static bool IsValidProperty(JsonProperty property, JsonObject schema, JsonObject? properties, JsonNode document)
    {
        var declared = properties?[property.Name];
        JsonNode[] matched = [.. (schema["patternProperties"]?.AsObject() ?? []).Where(pattern => Regex.IsMatch(InUnits(property.Name), pattern.Key)).Select(pattern => pattern.Value!)];
        return (declared is null || IsValid(property.Value, declared, document))
            && matched.All(pattern => IsValid(property.Value, pattern, document))
            && (declared is not null || matched.Length > 0 || schema["additionalProperties"] is not { } others || IsValid(property.Value, others, document));
    }

    private static bool IsValidArray(JsonElement value, JsonObject schema, JsonNode document) =>
        value.GetArrayLength() >= ((int?)schema["minItems"] ?? 0)
        && value.GetArrayLength() <= ((int?)schema["maxItems"] ?? int.MaxValue)
        && !value.EnumerateArray().Where((item, i) => (i < (schema["prefixItems"]?.AsArray().Count ?? 0) ? schema["prefixItems"]![i] : schema["items"]) is { } of && !IsValid(item, of, document)).Any();

    private static bool IsValidString(string value, JsonObject schema)
    {
        var length = value.EnumerateRunes().Count();
        return length >= ((int?)schema["minLength"] ?? 0)
            && length <= ((int?)schema["maxLength"] ?? int.MaxValue)
            && (schema["pattern"] is not { } pattern || Regex.IsMatch(InUnits(value), (string)pattern!))
            && (schema["format"] is not { } format
                || ((string)format! == "date" && DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)));
    }

    /// <summary>The same with a unit for each character: the oracle counts units of UTF-16.</summary>
    private static string InUnits(string value) => string.Concat(value.EnumerateRunes().Select(rune => rune.IsBmp ? rune.ToString() : "中"));

    private static bool IsValidNumber(JsonElement value, JsonObject schema)
    {
        if (!double.IsFinite(value.GetDouble()))
        {
            return false;
        }

        return !value.TryGetDecimal(out var number) || Math.Abs(value.GetDouble()) > 1e20
            ? schema.All(keyword => !keyword.Key.Contains("imum", StringComparison.Ordinal))
            : (schema["minimum"] is not { } least || number >= Decimal(least))
                && (schema["maximum"] is not { } most || number <= Decimal(most))
                && (schema["exclusiveMinimum"] is not { } above || number > Decimal(above))
                && (schema["exclusiveMaximum"] is not { } below || number < Decimal(below))
                && (schema["multipleOf"] is not { } step || number % Decimal(step) == 0);
    }

    private static decimal Decimal(JsonNode number) => decimal.Parse(number.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture);
}
