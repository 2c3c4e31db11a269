using System.Text;
using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Wire;

namespace Crescent.Client.Load.Prompts;

/// <summary>Writes prompts whose words hang on a seed and on the content of their parts alone.</summary>
internal sealed class PromptWriter(PromptScale scale, long seed)
{
    /// <summary>Writes a prompt. Its words need no escapes in JSON.</summary>
    public void Write(ReadOnlySpan<PromptPart> parts, RequestBuffer into)
    {
        var overhead = scale.Overhead;
        for (var i = 0; i < parts.Length; i++)
        {
            // The template's own tokens count as those of the last part, so that earlier parts stay alike.
            var tokens = parts[i].Tokens - (i == parts.Length - 1 ? overhead : 0);
            Write(parts[i].Content, scale.Words(tokens), into);
        }
    }

    /// <summary>A prompt as text.</summary>
    public string Text(ReadOnlySpan<PromptPart> parts)
    {
        var buffer = new RequestBuffer();
        buffer.Begin(0);
        Write(parts, buffer);
        return Encoding.ASCII.GetString(buffer.Written.Span[^buffer.BodyLength..]);
    }

    /// <summary>The words of one part as text.</summary>
    public string Text(PromptPart part)
    {
        var buffer = new RequestBuffer();
        buffer.Begin(0);
        Write(part.Content, scale.Words(part.Tokens), buffer);
        return Encoding.ASCII.GetString(buffer.Written.Span[^buffer.BodyLength..]);
    }

    private void Write(ulong content, int words, RequestBuffer into)
    {
        var stream = new SeededStream(seed, DrawPurpose.Content, (long)content);
        while (words > 0)
        {
            // Eight words of each 64 bits.
            var bits = stream.Next();
            var now = Math.Min(8, words);
            var room = into.GetSpan(now * PromptWords.Longest);
            var used = 0;
            for (var i = 0; i < now; i++, bits >>= 8)
            {
                var word = PromptWords.At((int)(bits & 0xFF) % PromptWords.Count);
                word.CopyTo(room[used..]);
                used += word.Length;
            }

            into.Advance(used);
            words -= now;
        }
    }
}
