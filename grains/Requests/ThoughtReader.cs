using Crescent.Engine.Model.Text;
using Crescent.Engine.Model.Thoughts;
using Crescent.Engine.Model.ToolCalls;
using Crescent.Grains.Streams;

namespace Crescent.Grains.Requests;

/// <summary>Takes what the model thinks out of the chunks of one choice, and counts its tokens.</summary>
/// <param name="parser">Finds it.</param>
/// <param name="tokenizer">Of the model.</param>
internal sealed class ThoughtReader(ThoughtParser parser, Tokenizer tokenizer)
{
    // The end of the text so far: a mark may be of several tokens.
    private string _tail = "";

    // Tokens of which it cannot be told yet whether they are thought.
    private int _undecided;

    /// <summary>Whether nothing of it can follow.</summary>
    public bool IsOver => parser.IsOver;

    /// <summary>Tokens of it, with the marks around it.</summary>
    public int Tokens { get; private set; }

    /// <summary>Adds what of a chunk is thought, and gives what is said.</summary>
    public string Read(in GenerationChunk chunk, List<AnswerDelta> deltas)
    {
        var (wasBehind, wasUndecided) = (!parser.IsThinking && !parser.IsUndecided, parser.IsUndecided);
        var text = MarkedText.Of(chunk, chunk.Text, tokenizer, parser.Marks.Has);
        parser.Append(text, chunk.FinishReason is not null, out var thought, out var said);
        if (!wasBehind)
        {
            Count(chunk, wasUndecided);
        }

        var all = _tail + text;
        _tail = all[Math.Max(0, all.Length - MaxTail)..];
        if (thought.Length > 0)
        {
            deltas.Add(new AnswerDelta(null, null, thought));
        }

        return said;
    }

    private int MaxTail => parser.Marks.Closing.Length - 1;

    private void Count(in GenerationChunk chunk, bool wasUndecided)
    {
        if (parser.IsUndecided)
        {
            _undecided += chunk.Tokens.Count;
        }
        else if (parser.HasThought)
        {
            Tokens += (wasUndecided ? _undecided : 0) + (parser.IsThinking ? chunk.Tokens.Count : Before(chunk.Tokens));
        }
    }

    /// <summary>How many of the tokens belong to the thought that ends within them.</summary>
    private int Before(IReadOnlyList<int> tokens)
    {
        int[] all = [.. tokens];
        for (var count = 1; count < all.Length; count++)
        {
            if ((_tail + tokenizer.Decode(all.AsSpan(0, count), withSpecial: true)).Contains(parser.Marks.Closing, StringComparison.Ordinal))
            {
                return count;
            }
        }

        return all.Length;
    }
}
