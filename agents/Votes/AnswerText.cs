using System.Globalization;
using System.Text.RegularExpressions;

namespace Crescent.Agents.Votes;

/// <summary>Finds the answer in what a model wrote, and tells whether two answers are the same.</summary>
public static partial class AnswerText
{
    private const int MaxLength = 512;

    /// <summary>
    /// The answer that a text ends with: what follows its last <c>Answer:</c> (or <c>####</c>, or stands in its last <c>\boxed{}</c>), to the end of that line; null where
    /// there is no such mark.
    /// </summary>
    public static string? Marked(string text)
    {
        string? found = null;
        foreach (var match in Mark().EnumerateMatches(text))
        {
            var line = text.AsSpan(match.Index, match.Length);
            var value = Value().Match(line.ToString());
            found = value.Groups["boxed"].Success ? value.Groups["boxed"].Value : value.Groups["rest"].Value;
        }

        return Clean(found);
    }

    /// <summary>The marked answer; without a mark what stands last: the right side of an equation, else the last line.</summary>
    public static string? Of(string text)
    {
        if (Marked(text) is { } marked)
        {
            return marked;
        }

        var lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length == 0)
        {
            return null;
        }

        var equals = lines[^1].LastIndexOf('=');
        return Clean(equals >= 0 && equals < lines[^1].Length - 1 ? lines[^1][(equals + 1)..] : lines[^1]);
    }

    /// <summary>What follows the last <paramref name="label"/> at the beginning of a line, such as <c>Result:</c>; null where there is none.</summary>
    public static string? After(string text, string label)
    {
        string? found = null;
        foreach (var line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith(label, StringComparison.OrdinalIgnoreCase))
            {
                found = line[label.Length..];
            }
        }

        return Clean(found);
    }

    /// <summary>One form for all ways to write an answer: numbers without separators and trailing zeros, other text in lower case without marks around it.</summary>
    public static string Normalise(string answer)
    {
        var text = answer.Trim().Trim('*', '"', '\'', '`', '$', ' ').TrimEnd('.', '!', ' ').ToLowerInvariant();
        var number = text.Replace(",", "", StringComparison.Ordinal).TrimStart('$', '€', '£');
        return decimal.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? value.ToString("0.############", CultureInfo.InvariantCulture)
            : text;
    }

    private static string? Clean(string? text)
    {
        var clean = text?.Trim().Trim('*', ' ').TrimEnd('.').Trim();
        return clean is { Length: > 0 and <= MaxLength } ? clean : null;
    }

    [GeneratedRegex(@"(answer\s*(is)?\s*:|####|\\boxed\{)[^\n]*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Mark();

    [GeneratedRegex(@"\\boxed\{(?<boxed>[^}\n]*)\}|(?:answer\s*(?:is)?\s*:|####)(?!.*\\boxed\{)(?<rest>[^\n]*)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Value();
}
