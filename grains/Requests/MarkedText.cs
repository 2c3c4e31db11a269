using Crescent.Engine.Model.Text;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Requests;

/// <summary>The text of chunks with the names of some control tokens, which have no text of their own, where they stand.</summary>
internal static class MarkedText
{
    /// <summary>That of a chunk.</summary>
    /// <param name="chunk">It.</param>
    /// <param name="text">Its text, or what is left of it.</param>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="isMark">Whether a control token of a name is given.</param>
    public static string Of(in GenerationChunk chunk, string text, Tokenizer tokenizer, Func<string, bool> isMark)
    {
        // From the last to the first, so that what stands behind a mark is known.
        for (var i = chunk.Tokens.Count - 1; i >= 0; i--)
        {
            var token = chunk.Tokens[i];
            if (!tokenizer.IsSpecial(token) || tokenizer.TokenName(token) is not { } name || !isMark(name))
            {
                continue;
            }

            var behind = Behind(chunk, i, tokenizer, isMark);
            text = text.EndsWith(behind, StringComparison.Ordinal) ? text[..^behind.Length] + name + behind : name + text;
        }

        return text;
    }

    private static string Behind(in GenerationChunk chunk, int at, Tokenizer tokenizer, Func<string, bool> isMark)
    {
        var behind = "";
        var plain = new List<int>();
        for (var i = at + 1; i < chunk.Tokens.Count; i++)
        {
            var token = chunk.Tokens[i];
            if (tokenizer.IsSpecial(token) && tokenizer.TokenName(token) is { } name && isMark(name))
            {
                behind += tokenizer.Decode([.. plain]) + name;
                plain.Clear();
            }
            else
            {
                plain.Add(token);
            }
        }

        return behind + tokenizer.Decode([.. plain]);
    }
}
