namespace Crescent.Engine.Scheduling;

/// <summary>Tokens guessed ahead, by where the guesses came from.</summary>
/// <param name="Guessed">All of them.</param>
/// <param name="Accepted">Of those, tokens that came true.</param>
/// <param name="NGramGuessed">Tokens found in the sequences' own text.</param>
/// <param name="NGramAccepted">Of those, tokens that came true.</param>
/// <param name="DraftGuessed">Tokens of a draft model.</param>
/// <param name="DraftAccepted">Of those, tokens that came true.</param>
public readonly record struct GuessCounts(long Guessed, long Accepted, long NGramGuessed, long NGramAccepted, long DraftGuessed, long DraftAccepted)
{
    /// <summary>With the guesses of one more sequence of a step.</summary>
    internal GuessCounts Add(DrafterKind by, int guessed, int accepted)
    {
        var (nGram, draft) = (by == DrafterKind.NGram ? 1 : 0, by == DrafterKind.Model ? 1 : 0);
        return new GuessCounts(
            Guessed + guessed,
            Accepted + accepted,
            NGramGuessed + (nGram * guessed),
            NGramAccepted + (nGram * accepted),
            DraftGuessed + (draft * guessed),
            DraftAccepted + (draft * accepted));
    }
}
