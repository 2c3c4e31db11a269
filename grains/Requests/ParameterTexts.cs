using System.Text.Json;

namespace Crescent.Grains.Requests;

/// <summary>Which parameters of functions are text, by their schemas: some models write such values as they are.</summary>
internal static class ParameterTexts
{
    /// <summary>Whether a parameter (function, name) is text.</summary>
    public static Func<string, string, bool> Of(IReadOnlyList<ToolFunction> functions)
    {
        var texts = new HashSet<(string, string)>();
        foreach (var function in functions)
        {
            if (function.Parameters is { ValueKind: JsonValueKind.Object } schema && schema.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object)
            {
                texts.UnionWith(properties.EnumerateObject().Where(static property => IsText(property.Value)).Select(property => (function.Name, property.Name)));
            }
        }

        return (function, name) => texts.Contains((function, name));
    }

    // As the grammar has a call written: words to choose from stand as they are, whatever else is said of the type.
    private static bool IsText(JsonElement schema) => schema.ValueKind == JsonValueKind.Object
        && (schema.TryGetProperty("const", out var only) ? only.ValueKind == JsonValueKind.String
            : schema.TryGetProperty("enum", out var values) && values.ValueKind == JsonValueKind.Array && values.GetArrayLength() > 0 ? values.EnumerateArray().All(static value => value.ValueKind == JsonValueKind.String)
            : schema.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String && type.GetString() == "string");
}
