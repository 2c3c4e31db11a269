using System.Text;
using System.Text.Json;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>The parts of a JSON Schema that hold no schemas: given values, strings and numbers.</summary>
internal sealed class JsonValueCompiler(ByteNetwork network, JsonFragments json)
{
    /// <summary>Largest count of items or characters.</summary>
    public const int MaxCount = 10_000;

    /// <summary>One of the values that are of one of the types.</summary>
    public int OneOf(int from, IEnumerable<JsonElement> values, IReadOnlyList<string> types, SchemaPlace place)
    {
        byte[][] texts = [.. values.Where(value => SchemaKeywords.IsOfType(value, types)).Select(value => Encoding.UTF8.GetBytes(JsonFragments.Compact(value)))];
        return texts.Length > 0
            ? network.Texts(from, texts)
            : throw new GrammarException(place, $"has no value of type {string.Join(" or ", types)}");
    }

    public int String(int from, JsonElement schema, SchemaPlace place)
    {
        var least = SchemaKeywords.Count(schema, "minLength", place, MaxCount);
        var most = SchemaKeywords.Count(schema, "maxLength", place, MaxCount);
        var hasPattern = schema.TryGetProperty("pattern", out var pattern);
        var hasFormat = schema.TryGetProperty("format", out var format);
        if (most < least)
        {
            throw new GrammarException($"{place}/maxLength", "is less than minLength");
        }

        if ((hasPattern && hasFormat) || ((hasPattern || hasFormat) && (least ?? most) is not null))
        {
            throw new GrammarException(place, "of pattern, format and lengths only one is supported at a time; put the lengths into the pattern");
        }

        if (hasPattern)
        {
            return json.StringMatching(from, Pattern(pattern, place.At("pattern")));
        }

        if (hasFormat)
        {
            var expression = format.ValueKind == JsonValueKind.String ? StringFormats.Find(format.GetString()!) : null;
            return json.StringMatching(from, expression ?? throw new GrammarException(
                $"{place}/format", $"{format.GetRawText()} is not supported; understood are {string.Join(", ", StringFormats.Names)}"));
        }

        return (least ?? most) is null ? json.AnyString(from) : json.StringOfLength(from, least ?? 0, most);
    }

    public int Integer(int from, JsonElement schema, SchemaPlace place)
    {
        if (Bounds(schema, place) is not { } bounds)
        {
            return json.Integer(from);
        }

        var least = bounds.ExcludesLeast ? decimal.Floor(bounds.Least) + 1 : decimal.Ceiling(bounds.Least);
        var most = bounds.ExcludesMost ? decimal.Ceiling(bounds.Most) - 1 : decimal.Floor(bounds.Most);
        return least <= most
            ? IntegerRange.Append(network, from, (long)least, (long)most)
            : throw new GrammarException(place, "no integer lies between the bounds");
    }

    public int Number(int from, JsonElement schema, SchemaPlace place)
    {
        if (Bounds(schema, place) is not { } bounds)
        {
            return json.Number(from);
        }

        if (bounds.ExcludesLeast || bounds.ExcludesMost || bounds.Least % 1 != 0 || bounds.Most % 1 != 0)
        {
            throw new GrammarException(place, "bounds of a number that are excluded or no whole numbers are not supported; use minimum and maximum with whole numbers");
        }

        return bounds.Least <= bounds.Most
            ? IntegerRange.AppendWithFraction(network, json, from, (long)bounds.Least, (long)bounds.Most)
            : throw new GrammarException(place, "no number lies between the bounds");
    }

    private static RegexNode Pattern(JsonElement pattern, SchemaPlace place)
    {
        try
        {
            return RegexParser.ParseAnywhere(pattern.ValueKind == JsonValueKind.String ? pattern.GetString()! : throw new GrammarException(place, "is text"));
        }
        catch (GrammarException fault) when (fault.Place != place.ToString())
        {
            throw new GrammarException(place, fault.Message);
        }
    }

    private static NumberBounds? Bounds(JsonElement schema, SchemaPlace place)
    {
        var least = Bound(schema, "minimum", place);
        var above = Bound(schema, "exclusiveMinimum", place);
        var most = Bound(schema, "maximum", place);
        var below = Bound(schema, "exclusiveMaximum", place);
        if ((least ?? above ?? most ?? below) is null)
        {
            return null;
        }

        var excludesLeast = above is not null && (least is null || above >= least);
        var excludesMost = below is not null && (most is null || below <= most);
        return new NumberBounds(
            (excludesLeast ? above : least) ?? -IntegerRange.Limit,
            (excludesMost ? below : most) ?? IntegerRange.Limit,
            excludesLeast,
            excludesMost);
    }

    private static decimal? Bound(JsonElement schema, string keyword, SchemaPlace place) => !schema.TryGetProperty(keyword, out var value)
        ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out var bound) && Math.Abs(bound) <= IntegerRange.Limit
            ? bound
            : throw new GrammarException($"{place}/{keyword}", $"is a number between -{IntegerRange.Limit} and {IntegerRange.Limit}");

    private readonly record struct NumberBounds(decimal Least, decimal Most, bool ExcludesLeast, bool ExcludesMost);
}
