using System.Text;
using Crescent.Engine.Model.Text;
using Crescent.Grains.Streams;

namespace Crescent.Silo.Api.OpenAi;

/// <summary>Finds out which stop string has ended an answer: it is no part of the text, but of the tokens.</summary>
/// <param name="stops">The stop strings.</param>
/// <param name="tokenizer">Of the model.</param>
internal sealed class StopWord(IReadOnlyList<string> stops, Tokenizer tokenizer)
{
    // Of the tokens so far. The longest stop string, and the token that has completed it, are in the part that is kept.
    private readonly List<byte> _tail = [];
    private readonly int _kept = stops.Count == 0 ? 0 : stops.Max(Encoding.UTF8.GetByteCount) + tokenizer.LongestToken;
    private int _last = -1;

    /// <summary>Takes what has come.</summary>
    public void Add(in GenerationChunk chunk)
    {
        if (_kept == 0)
        {
            return;
        }

        foreach (var token in chunk.Tokens)
        {
            _last = token;
            _tail.AddRange(tokenizer.TokenBytes(token));
        }

        if (_tail.Count > 2 * _kept && chunk.FinishReason is null)
        {
            _tail.RemoveRange(0, _tail.Count - _kept);
        }
    }

    /// <summary>That which has ended the answer; null where something else has.</summary>
    public string? Find()
    {
        if (_last < 0 || tokenizer.IsEndOfGeneration(_last))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString([.. _tail]);
        return stops.Select(stop => (Stop: stop, At: text.IndexOf(stop, StringComparison.Ordinal))).Where(static found => found.At >= 0).OrderBy(static found => found.At).FirstOrDefault().Stop;
    }
}
