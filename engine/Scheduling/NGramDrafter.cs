namespace Crescent.Engine.Scheduling;

/// <summary>
/// Guesses the next tokens of a sequence by looking for its newest tokens earlier in its own text: what followed there may follow
/// again (prompt look-up decoding). Guesses are only made while enough of them come true.
/// </summary>
internal sealed class NGramDrafter : IDrafter
{
    /// <summary>Longest and shortest run of tokens that is looked for.</summary>
    private const int MaxMatch = 3;

    private const int MinMatch = 2;

    /// <summary>Tokens looked back at the most.</summary>
    private const int Reach = 4096;

    /// <inheritdoc/>
    public DrafterKind Kind => DrafterKind.NGram;

    /// <inheritdoc/>
    public int LimitOf(Sequence sequence) => sequence.NGramPace?.Guesses() == true ? sequence.Request.SpeculativeTokens : 0;

    /// <inheritdoc/>
    public void Propose(List<DraftAsk> asks, int room)
    {
        foreach (var (sequence, limit) in asks)
        {
            sequence.Propose(Kind, Guess(sequence.Tokens, limit));
        }
    }

    /// <summary>What may follow <paramref name="tokens"/>: at most <paramref name="limit"/> tokens, often none.</summary>
    private static ReadOnlySpan<int> Guess(ReadOnlySpan<int> tokens, int limit)
    {
        var text = tokens[Math.Max(0, tokens.Length - Reach)..];
        for (var length = MaxMatch; length >= MinMatch; length--)
        {
            if (text.Length > length)
            {
                var at = text[..^1].LastIndexOf(text[^length..]);
                if (at >= 0)
                {
                    var follow = at + length;
                    return text.Slice(follow, Math.Min(limit, text.Length - follow));
                }
            }
        }

        return [];
    }
}
