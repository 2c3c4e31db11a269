namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Expressions for JSON Schema's string formats. Each matches a part of what the format allows, never more.</summary>
internal static class StringFormats
{
    // Without 29 February, so that no year needs to be looked at.
    private const string Date =
        "[1-9][0-9]{3}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))";

    // Offsets in use go from -12 to +14 hours; runtimes refuse more.
    private const string Local = @"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?";
    private const string Time = $"{Local}(Z|[+-](0[0-9]|1[01]):[0-5][0-9])";
    private const string Label = "[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?";
    private const string Byte = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    private const string V4 = $@"{Byte}(\.{Byte}){{3}}";
    private const string V6 = "[0-9a-f]{1,4}(:[0-9a-f]{1,4}){7}";
    private const string Path = "(/[A-Za-z0-9._~-]*)*";
    private const string Link = $@"[a-z][a-z0-9+.-]{{1,15}}://{Label}(\.{Label}){{0,4}}(:[1-9][0-9]{{0,3}})?{Path}(\?[A-Za-z0-9._~=&/-]*)?(#[A-Za-z0-9._~/-]*)?";
    private const string Email = $@"[A-Za-z0-9_+-]{{1,30}}(\.[A-Za-z0-9_+-]{{1,30}}){{0,3}}@{Label}(\.{Label}){{1,4}}";
    private const string HostName = $@"{Label}(\.{Label}){{0,6}}";
    private const string Uuid = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    private const string Base64 = "([0-9A-Za-z+/]{4})*([0-9A-Za-z+/][AQgw]==|[0-9A-Za-z+/]{2}[AEIMQUYcgkosw048]=)?";

    private static readonly Dictionary<string, string> Expressions = new(StringComparer.Ordinal)
    {
        ["base64"] = Base64,
        ["base64url"] = "([0-9A-Za-z_-]{4})*([0-9A-Za-z_-][AQgw]|[0-9A-Za-z_-]{2}[AEIMQUYcgkosw048])?",
        ["byte"] = Base64,
        ["cidrv4"] = $"{V4}/([0-9]|[12][0-9]|3[0-2])",
        ["cidrv6"] = $"{V6}/([0-9]|[1-9][0-9]|1[01][0-9]|12[0-8])",
        ["cuid"] = "c[a-z0-9]{24}",
        ["cuid2"] = "[a-z][a-z0-9]{23}",
        ["date"] = Date,
        ["date-time"] = $"{Date}T{Time}",
        ["duration"] = "P([0-9]{1,4}[YMWD]|T[0-9]{1,4}[HMS])",
        ["e164"] = @"\+[1-9][0-9]{6,14}",
        ["email"] = Email,
        ["guid"] = Uuid,
        ["hostname"] = HostName,
        ["idn-email"] = Email,
        ["idn-hostname"] = HostName,
        ["ipv4"] = V4,
        ["ipv6"] = V6,
        ["iri"] = Link,
        ["iri-reference"] = Link,
        ["json-pointer"] = Path,
        ["nanoid"] = "[A-Za-z0-9_-]{21}",
        ["time"] = Time,
        ["ulid"] = "[0-7][0-9A-HJKMNP-TV-Z]{25}",
        ["uri"] = Link,
        ["uri-reference"] = Link,
        ["url"] = Link,
        ["uuid"] = Uuid,
    };

    // What they say is where a text comes from or how it is shown.
    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal) { "binary", "multiline", "multi-line", "password", "textarea" };

    /// <summary>The formats understood.</summary>
    public static IEnumerable<string> Names => Expressions.Keys;

    /// <summary>Whether a format says nothing of the text.</summary>
    public static bool IsAnnotation(string format) => Annotations.Contains(format);

    /// <summary>The expression of a format, or null.</summary>
    /// <param name="format">Its name.</param>
    /// <param name="isPartOnly">Whether a pattern stands beside it: then the time of day may do without its offset, as many programs have it.</param>
    public static RegexNode? Find(string format, bool isPartOnly) =>
        Expressions.TryGetValue(format, out var expression) ? RegexParser.ParseWhole(isPartOnly && format == "time" ? $"({Local})|({Time})" : expression) : null;
}
