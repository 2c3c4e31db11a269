namespace Crescent.Engine.Scheduling;

/// <summary>How many of a sequence's guesses come true, and whether guessing is worth while: not for some steps after too many that did not.</summary>
internal sealed class GuessPace
{
    /// <summary>Below this share of accepted tokens guessing costs more than it saves, whatever it costs.</summary>
    public const double MinAcceptance = 0.3;

    /// <summary>Steps without guesses after too many wrong ones.</summary>
    public const int Pause = 32;

    private const double Newest = 0.2;
    private const double AfterPause = 0.5;

    private int _pause;

    /// <summary>Share of the guesses that came true, the newest counting most.</summary>
    public double Acceptance { get; private set; } = 1;

    /// <summary>Whether there is to be a guess now; one asks once a step.</summary>
    public bool Guesses() => _pause == 0 || _pause-- == 0;

    /// <summary>Learns how many of the guessed tokens came true.</summary>
    /// <param name="guessed">Guesses, or those of them up to the first wrong one.</param>
    /// <param name="accepted">Of those, guesses that came true.</param>
    /// <param name="least">Acceptance below which there is a pause.</param>
    public void Learn(int guessed, int accepted, double least = MinAcceptance)
    {
        Acceptance += Newest * (((double)accepted / guessed) - Acceptance);
        if (Acceptance < least)
        {
            Acceptance = Math.Max(AfterPause, least);
            _pause = Pause;
        }
    }
}
