using System.Text.RegularExpressions;

namespace Crescent.Agents.Strategies;

/// <summary>Texts with <c>{{ name }}</c> in them.</summary>
internal static partial class TemplateText
{
    /// <summary>The names in a text.</summary>
    public static IEnumerable<string> Names(string text) => Place().Matches(text).Select(static match => match.Groups[1].Value);

    /// <summary>The text with values for names, empty for one without. What stands in a value is not looked at again.</summary>
    public static string Fill(string text, IReadOnlyDictionary<string, string> values) =>
        Place().Replace(text, match => values.GetValueOrDefault(match.Groups[1].Value, ""));

    [GeneratedRegex(@"\{\{\s*(\w+)\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Place();
}
