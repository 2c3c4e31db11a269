namespace Crescent.Engine.Scheduling;

/// <summary>
/// Guesses the next tokens of a sequence by looking for its newest tokens earlier in its own text: what followed there may follow
/// again (prompt look-up decoding). Guesses are only made while enough of them come true.
/// </summary>
internal sealed class NGramDrafter(int maxGuess)
{
    /// <summary>Longest and shortest run of tokens that is looked for.</summary>
    private const int MaxMatch = 3;

    private const int MinMatch = 2;

    /// <summary>Below this share of accepted tokens guessing costs more than it saves.</summary>
    private const double MinAcceptance = 0.3;

    /// <summary>Steps without guesses after too many wrong ones.</summary>
    private const int Pause = 32;

    /// <summary>Tokens looked back at the most.</summary>
    private const int Reach = 4096;

    private double _acceptance = 1;
    private int _pause;

    /// <summary>What may follow <paramref name="tokens"/>: at most <paramref name="limit"/> tokens, often none.</summary>
    public ReadOnlySpan<int> Guess(ReadOnlySpan<int> tokens, int limit)
    {
        limit = Math.Min(limit, maxGuess);
        if (limit <= 0 || (_pause > 0 && _pause-- > 0))
        {
            return [];
        }

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

    /// <summary>Learns how many of the guessed tokens came true.</summary>
    public void Learn(int guessed, int accepted)
    {
        _acceptance += 0.2 * (((double)accepted / guessed) - _acceptance);
        if (_acceptance < MinAcceptance)
        {
            _acceptance = 0.5;
            _pause = Pause;
        }
    }
}
