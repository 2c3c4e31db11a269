namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Expressions for JSON Schema's string formats. Each matches a part of what the format allows, never more.</summary>
internal static class StringFormats
{
    // Without 29 February, so that no year needs to be looked at.
    private const string Date =
        "[1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";

    // Offsets in use go from -12 to +14 hours; runtimes refuse more.
    private const string Time = @"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[01]):[0-5][0-9])";
    private const string Label = "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?";
    private const string Byte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    private static readonly Dictionary<string, string> Expressions = new(StringComparer.Ordinal)
    {
        ["date"] = Date,
        ["date-time"] = $"{Date}T{Time}",
        ["duration"] = "P([0-9]{1,4}[YMWD]|T[0-9]{1,4}[HMS])",
        ["email"] = $@"[A-Za-z0-9_+-]{{1,30}}(\.[A-Za-z0-9_+-]{{1,30}}){{0,3}}@{Label}(\.{Label}){{1,4}}",
        ["hostname"] = $@"{Label}(\.{Label}){{0,6}}",
        ["ipv4"] = $@"{Byte}(\.{Byte}){{3}}",
        ["ipv6"] = "[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}",
        ["time"] = Time,
        ["uuid"] = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    };

    /// <summary>The formats understood.</summary>
    public static IEnumerable<string> Names => Expressions.Keys;

    /// <summary>The expression of a format, or null.</summary>
    public static RegexNode? Find(string format) =>
        Expressions.TryGetValue(format, out var expression) ? RegexParser.ParseWhole(expression) : null;
}
