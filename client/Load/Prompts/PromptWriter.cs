using System.Text;
using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Prompts;

/// <summary>Writes prompts whose words hang on a seed and on the content of their parts alone.</summary>
internal sealed class PromptWriter(PromptScale scale, long seed)
{
    /// <summary>Writes a prompt as one text. Its words need no escapes in JSON.</summary>
    public void Write(ReadOnlySpan<PromptPart> parts, RequestBuffer into)
    {
        var cursor = new PromptCursor(parts, scale.TokensPerWord, seed);
        var tokens = 0;
        foreach (var part in parts)
        {
            tokens += part.Tokens;
        }

        // The template's own tokens count as the last of a prompt, and of each message, so that what begins alike stays alike.
        Write(ref cursor, tokens, scale.Overhead, into);
    }

    /// <summary>Writes a prompt as messages.</summary>
    /// <param name="parts">The prompt.</param>
    /// <param name="messages">Its messages, whose tokens are those of the parts.</param>
    /// <param name="into">Takes all.</param>
    /// <param name="begin">Writes what stands before a message's words, by its number.</param>
    /// <param name="end">What stands behind them.</param>
    public void Write(ReadOnlySpan<PromptPart> parts, ReadOnlySpan<PromptMessage> messages, RequestBuffer into, Action<RequestBuffer, PromptMessage, int> begin, ReadOnlySpan<byte> end)
    {
        var cursor = new PromptCursor(parts, scale.TokensPerWord, seed);
        for (var i = 0; i < messages.Length; i++)
        {
            begin(into, messages[i], i);
            Write(ref cursor, messages[i].Tokens, i == 0 ? scale.Overhead : scale.MessageOverhead, into);
            into.Add(end);
        }
    }

    /// <summary>A prompt as texts, a message each.</summary>
    /// <param name="parts">The prompt.</param>
    /// <param name="messages">Its messages.</param>
    public IReadOnlyList<(string Role, string Text)> Texts(ReadOnlySpan<PromptPart> parts, IReadOnlyList<PromptMessage> messages)
    {
        var cursor = new PromptCursor(parts, scale.TokensPerWord, seed);
        var buffer = new RequestBuffer();
        var texts = new List<(string, string)>(messages.Count);
        for (var i = 0; i < messages.Count; i++)
        {
            buffer.Begin(0);
            Write(ref cursor, messages[i].Tokens, i == 0 ? scale.Overhead : scale.MessageOverhead, buffer);
            texts.Add((messages[i].Role, Text(buffer)));
        }

        return texts;
    }

    /// <summary>The words of one part as text, without a template's tokens.</summary>
    public string Text(PromptPart part)
    {
        var buffer = new RequestBuffer();
        buffer.Begin(0);
        var cursor = new PromptCursor([part], scale.TokensPerWord, seed);
        Write(ref cursor, part.Tokens, 0, buffer);
        return Text(buffer);
    }

    /// <summary>Writes a stretch but for the template's tokens at its end, and at least a word.</summary>
    private static void Write(ref PromptCursor cursor, int tokens, double overhead, RequestBuffer into)
    {
        var own = Math.Max(0, tokens - overhead);
        if (cursor.Move(own, into) == 0)
        {
            into.Add(PromptWords.At(0));
        }

        cursor.Move(tokens - own, null);
    }

    private static string Text(RequestBuffer buffer) => Encoding.ASCII.GetString(buffer.Written.Span[^buffer.BodyLength..]);
}
