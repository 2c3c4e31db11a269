namespace Crescent.Engine.Scheduling;

/// <summary>How many of a sequence's guesses come true, and whether guessing is worth while: not for some steps after too many that did not.</summary>
/// <param name="acceptance">Share of the guesses that are expected to come true, as long as none has been made.</param>
internal sealed class GuessPace(double acceptance = 1)
{
    /// <summary>Below this share of accepted tokens guessing costs more than it saves, whatever it costs.</summary>
    public const double MinAcceptance = 0.3;

    /// <summary>Steps without guesses after too many wrong ones.</summary>
    public const int Pause = 32;

    private const double Newest = 0.2;
    private const double NewestGuess = 0.1;
    private const double AfterPause = 0.5;

    private int _pause;

    /// <summary>Share of the guesses that came true, the newest counting most.</summary>
    public double Acceptance { get; private set; } = acceptance;

    /// <summary>Guesses that came true, see <see cref="LearnEach"/>.</summary>
    public long Right { get; private set; }

    /// <summary>Guesses that came true or were the first that did not.</summary>
    public long Tried { get; private set; }

    /// <summary>Whether there is to be a guess now; one asks once a step.</summary>
    public bool Guesses() => _pause == 0 || _pause-- == 0;

    /// <summary>No guesses for some steps.</summary>
    public void Rest() => _pause = Pause;

    /// <summary>How many tokens to guess, 1 to <paramref name="most"/>: each as long as it comes true, with those before it, more often than it costs.</summary>
    /// <param name="most">The most.</param>
    /// <param name="cost">What a guess costs of a step, above 0.</param>
    public int Depth(int most, double cost)
    {
        var depth = 0;
        for (var chance = Acceptance; depth < most && chance >= cost; depth++)
        {
            chance *= Acceptance;
        }

        return Math.Max(1, depth);
    }

    /// <summary>Learns how many of the guessed tokens came true, as a share of all of them.</summary>
    public void Learn(int guessed, int accepted)
    {
        Acceptance += Newest * (((double)accepted / guessed) - Acceptance);
        Weigh(MinAcceptance);
    }

    /// <summary>Learns of each guess how often one comes true where those before it have: what is behind the first wrong one says nothing.</summary>
    /// <param name="guessed">Guesses.</param>
    /// <param name="accepted">Of those, guesses that came true.</param>
    /// <param name="least">Acceptance below which there is a pause.</param>
    public void LearnEach(int guessed, int accepted, double least)
    {
        Right += accepted;
        Tried += accepted + (accepted < guessed ? 1 : 0);
        for (var i = 0; i < accepted; i++)
        {
            Acceptance += NewestGuess * (1 - Acceptance);
        }

        Acceptance -= accepted < guessed ? NewestGuess * Acceptance : 0;
        Weigh(least);
    }

    /// <summary>Forgets how many came true, for who has taken note of it.</summary>
    public void ClearCounts() => Right = Tried = 0;

    private void Weigh(double least)
    {
        if (Acceptance < least)
        {
            Acceptance = Math.Max(AfterPause, least);
            _pause = Pause;
        }
    }
}
