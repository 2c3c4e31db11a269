using System.Buffers;

namespace Crescent.Engine.Model.Text;

/// <summary>Finds the leftmost special string of a text, the longest where several start at one place.</summary>
internal sealed class SpecialStringFinder
{
    private readonly SearchValues<string> _any;
    private readonly Dictionary<char, (string Text, int Token)[]> _byFirst;

    /// <param name="specials">Strings, none empty or twice, with their tokens.</param>
    public SpecialStringFinder(IEnumerable<(string Text, int Token)> specials)
    {
        _byFirst = specials
            .GroupBy(special => special.Text[0])
            .ToDictionary(group => group.Key, group => group.OrderByDescending(special => special.Text.Length).ToArray());
        string[] texts = [.. _byFirst.Values.SelectMany(group => group).Select(special => special.Text)];
        _any = SearchValues.Create(texts, StringComparison.Ordinal);
    }

    /// <summary>Where the first special string is, with its length and token; -1 when there is none.</summary>
    public int Find(ReadOnlySpan<char> text, out int length, out int token)
    {
        (length, token) = (0, 0);
        var at = _byFirst.Count == 0 ? -1 : text.IndexOfAny(_any);
        if (at < 0)
        {
            return -1;
        }

        var rest = text[at..];
        foreach (var special in _byFirst[rest[0]])
        {
            if (rest.StartsWith(special.Text, StringComparison.Ordinal))
            {
                (length, token) = (special.Text.Length, special.Token);
                break;
            }
        }

        return at;
    }
}
