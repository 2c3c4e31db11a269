using System.Buffers;
using System.CommandLine;

namespace Crescent.Client.Commands;

/// <summary>A command line for whoever wants the same again.</summary>
internal static class CommandText
{
    private static readonly SearchValues<char> Special = SearchValues.Create(" <>{}\"*;&|$()");

    /// <summary>The words of <paramref name="parsed"/>. A key is nobody else's business.</summary>
    public static string Of(ParseResult parsed)
    {
        var words = new List<string> { "client" };
        foreach (var token in parsed.Tokens)
        {
            var word = words[^1] is "--key" or "--api-key" ? "…" : token.Value;
            words.Add(word.AsSpan().ContainsAny(Special) ? $"'{word}'" : word);
        }

        return string.Join(' ', words);
    }
}
