using System.Text;
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
        var marks = new List<(int At, string Name)>();
        var behind = new StringBuilder();
        var plain = new List<int>();
        foreach (var token in chunk.Tokens)
        {
            if (tokenizer.IsSpecial(token) && tokenizer.TokenName(token) is { } name && isMark(name))
            {
                behind.Append(tokenizer.Decode([.. plain]));
                plain.Clear();
                marks.Add((behind.Length, name));
            }
            else if (marks.Count > 0)
            {
                plain.Add(token);
            }
        }

        return marks.Count == 0 ? text : Of(text, marks, behind.Append(tokenizer.Decode([.. plain])).ToString());
    }

    /// <summary>The text with the marks in their places.</summary>
    /// <param name="text">The text.</param>
    /// <param name="marks">Marks, each with the characters between the first of them and it.</param>
    /// <param name="behind">What stands behind the first mark, of which the text may lack the end: a character that is not whole, or what may become a stop string.</param>
    internal static string Of(string text, IReadOnlyList<(int At, string Name)> marks, string behind)
    {
        var shown = Math.Min(text.Length, behind.Length);
        while (!text.AsSpan().EndsWith(behind.AsSpan(0, shown)))
        {
            shown--;
        }

        var (marked, from) = (new StringBuilder(), 0);
        foreach (var (at, name) in marks)
        {
            var until = text.Length - shown + Math.Min(at, shown);
            marked.Append(text, from, until - from).Append(name);
            from = until;
        }

        return marked.Append(text, from, text.Length - from).ToString();
    }
}
