using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Whether a value that a schema gives satisfies all else that holds beside it.</summary>
internal sealed class SchemaValues(SchemaOpener opener, JsonStringCompiler strings)
{
    /// <summary>Whether schemas' own keywords allow a value.</summary>
    /// <param name="schemas">The schemas.</param>
    /// <param name="value">The value.</param>
    /// <param name="listing">The one whose <c>enum</c> lists the value, which is not looked through for each of its values again.</param>
    public bool Allow(IReadOnlyList<SchemaNode> schemas, JsonElement value, SchemaNode? listing = null) =>
        SchemaKeywords.IsOfType(value, SchemaKeywords.TypesOf(schemas)) && schemas.All(schema => Allows(schema, value, isListed: ReferenceEquals(schema, listing)));

    /// <summary>Whether a set allows a value.</summary>
    public bool Allow(SchemaSet set, JsonElement value)
    {
        var parts = opener.Open(set);
        return parts.Nothing is null
            && (parts.Own.Count == 0 || Allow(parts.Own, value))
            && parts.Choices.All(choice => choice.Children.Count(option => Allow(new SchemaSet(option), value)) is var hold && (choice.Name == "oneOf" ? hold == 1 : hold > 0));
    }

    private bool Allows(SchemaNode schema, JsonElement value, bool isListed) =>
        (schema.Find("const")?.Element is not { } constant || SchemaExclusion.IsSame(constant, value))
        && (isListed || schema.Find("enum")?.Element is not { ValueKind: JsonValueKind.Array } values || values.EnumerateArray().Any(one => SchemaExclusion.IsSame(one, value)))
        && (schema.Find("not") is not { } not || !Allow(new SchemaSet(not), value))
        && (schema.Find("if") is not { } condition || schema.Find(Allow(new SchemaSet(condition), value) ? "then" : "else") is not { } then || Allow(new SchemaSet(then), value))
        && value.ValueKind switch
        {
            JsonValueKind.String => strings.Allow([schema], value.GetString()!),
            JsonValueKind.Number => JsonNumbers.Allow([schema], value),
            JsonValueKind.Array => AllowsItems(schema, value),
            JsonValueKind.Object => AllowsProperties(schema, value),
            _ => true,
        };

    private bool AllowsItems(SchemaNode schema, JsonElement value)
    {
        var tuple = JsonArrayCompiler.Tuple(schema);
        var rest = JsonArrayCompiler.Rest(schema);
        var items = value.EnumerateArray().ToList();
        return items.Count >= (SchemaKeywords.Count(schema, "minItems", int.MaxValue) ?? 0)
            && items.Count <= (SchemaKeywords.Count(schema, "maxItems", int.MaxValue) ?? int.MaxValue)
            && !items.Where((item, i) => (i < tuple.Count ? tuple[i] : rest) is { } of && !Allow(new SchemaSet(of), item)).Any();
    }

    private bool AllowsProperties(SchemaNode schema, JsonElement value)
    {
        var properties = schema.Find("properties");
        return (schema.Find("required")?.Children ?? []).All(name => name.Element.ValueKind != JsonValueKind.String || value.TryGetProperty(name.Element.GetString()!, out _))
            && value.EnumerateObject().All(member => (properties?.Find(member.Name) ?? schema.Find("additionalProperties")) is not { } of || Allow(new SchemaSet(of), member.Value));
    }
}
