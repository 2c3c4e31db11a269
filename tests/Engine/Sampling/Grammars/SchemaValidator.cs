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
        var map = schema.AsObject();
        if (map["$ref"] is { } reference)
        {
            return IsValid(value, Find(document, (string)reference!), document);
        }

        return (map["anyOf"] is not JsonArray any || any.Any(way => IsValid(value, way!, document)))
            && (map["enum"] is not JsonArray values || values.Any(one => IsEqual(value, one)))
            && (!map.ContainsKey("const") || IsEqual(value, map["const"]))
            && (map["type"] is not { } type || (type as JsonArray ?? [type.DeepClone()]).Any(one => IsOfType(value, (string)one!)))
            && value.ValueKind switch
            {
                JsonValueKind.Object => IsValidObject(value, map, document),
                JsonValueKind.Array => IsValidArray(value, map, document),
                JsonValueKind.String => IsValidString(value.GetString()!, map),
                JsonValueKind.Number => IsValidNumber(value.GetDouble(), map),
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
        return names.Distinct().Count() == names.Count
            && (schema["required"] as JsonArray ?? []).All(name => names.Contains((string)name!))
            && value.EnumerateObject().All(property => properties?[property.Name] is { } declared
                ? IsValid(property.Value, declared, document)
                : schema["additionalProperties"]?.GetValueKind() != JsonValueKind.False);
    }

    private static bool IsValidArray(JsonElement value, JsonObject schema, JsonNode document) =>
        value.GetArrayLength() >= ((int?)schema["minItems"] ?? 0)
        && value.GetArrayLength() <= ((int?)schema["maxItems"] ?? int.MaxValue)
        && (schema["items"] is not { } items || value.EnumerateArray().All(item => IsValid(item, items, document)));

    private static bool IsValidString(string value, JsonObject schema)
    {
        var length = value.EnumerateRunes().Count();
        return length >= ((int?)schema["minLength"] ?? 0)
            && length <= ((int?)schema["maxLength"] ?? int.MaxValue)
            && (schema["pattern"] is not { } pattern || Regex.IsMatch(value, (string)pattern!))
            && (schema["format"] is not { } format
                || ((string)format! == "date" && DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _)));
    }

    private static bool IsValidNumber(double value, JsonObject schema) =>
        double.IsFinite(value) && value >= ((int?)schema["minimum"] ?? double.MinValue) && value <= ((int?)schema["maximum"] ?? double.MaxValue);
}
