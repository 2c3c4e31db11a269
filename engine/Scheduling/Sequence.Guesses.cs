namespace Crescent.Engine.Scheduling;

/// <summary>What is guessed of its next tokens, and what comes of it.</summary>
internal sealed partial class Sequence
{
    /// <summary>Whether something guesses ahead for it.</summary>
    public bool Guesses => NGramPace is not null || Draft is not null;

    /// <summary>How look-ups in its own text do; null where its request asks for none.</summary>
    public GuessPace? NGramPace { get; }

    /// <summary>What a draft model keeps of it; null where none guesses for it.</summary>
    public SequenceDraft? Draft { get; set; }

    /// <summary>Whether its model's head guesses for it, which needs the hidden state of each of its positions.</summary>
    public bool WantsHiddenStates => Draft is { Rows: not null, IsOff: false };

    /// <summary>Tokens guessed to follow, which the next step checks.</summary>
    public int GuessCount { get; private set; }

    /// <summary>Where the guesses come from; where there are none, nothing sensible.</summary>
    public DrafterKind GuessedBy { get; private set; }

    /// <summary>Guesses that can be of use to it: its last token is never computed.</summary>
    public int MostGuesses => Request.MaxTokens - OutputCount - 1;

    /// <summary>Positions that are computed and that its state has not seen, since it went back behind wrong guesses: 0 where there are no states.</summary>
    public int Repeats => Table.State < 0 ? 0 : Computed - Table.StateAt;

    /// <summary>What its state has not seen, the newest token and the guesses after it.</summary>
    public ReadOnlySpan<int> LastTokenAndGuess => _tokens.AsSpan(TokenCount - 1 - Repeats, Repeats + 1 + GuessCount);

    /// <summary>The next guessed token.</summary>
    public int NextGuess => _tokens[TokenCount];

    /// <summary>Guesses what its request gives: that is sure to come.</summary>
    /// <returns>How many tokens.</returns>
    public int ProposeGiven()
    {
        var given = Request.Sampling.Given;
        var count = Math.Min(given.Count - Sampling.OutputCount, Math.Min(MostGuesses, Math.Max(Request.SpeculativeTokens, Draft?.Tokens ?? 0)));
        if (count <= 0)
        {
            return 0;
        }

        Reserve(count);
        for (var i = 0; i < count; i++)
        {
            _tokens[TokenCount + i] = given[Sampling.OutputCount + i];
        }

        (GuessedBy, GuessCount) = (DrafterKind.Given, count);
        return count;
    }

    /// <summary>Takes guesses of its next tokens, at most <see cref="MostGuesses"/>, in place of those that it has.</summary>
    public void Propose(DrafterKind by, ReadOnlySpan<int> guesses)
    {
        Reserve(guesses.Length);
        guesses.CopyTo(_tokens.AsSpan(TokenCount));
        (GuessedBy, GuessCount) = (by, guesses.Length);
    }

    /// <summary>
    /// Keeps no more than <paramref name="most"/> guesses. Where a step has room for none, there is likely none in the next: a draft model is then not asked for some steps.
    /// </summary>
    public void LimitGuess(int most)
    {
        if (most <= 0 && GuessCount > 0 && GuessedBy == DrafterKind.Model)
        {
            Draft!.Pace.Rest();
        }

        CutGuess(most);
    }

    /// <summary>Keeps no more than <paramref name="most"/> guesses in this step.</summary>
    public void CutGuess(int most) => GuessCount = Math.Clamp(most, 0, GuessCount);

    public void DropGuess() => GuessCount = 0;

    /// <summary>Learns how many guesses came true, and forgets them.</summary>
    /// <param name="accepted">Guesses that came true.</param>
    /// <param name="used">Of those, guesses whose positions need not be computed again.</param>
    public void EndGuess(int accepted, int used)
    {
        if (GuessCount > 0)
        {
            // A state is written once more for guesses, and what it has not seen is computed again: as much as some more that did not come true.
            var repeats = Table.State < 0 ? 0 : Repeats;
            if (GuessedBy == DrafterKind.NGram)
            {
                NGramPace!.Learn(GuessCount + repeats + (Table.State < 0 ? 0 : 1), accepted);
            }
            else if (GuessedBy == DrafterKind.Model)
            {
                Draft!.Pace.LearnEach(GuessCount, accepted, Draft.Cost);
            }

            _promptWork += GuessCount - used + repeats;
            GuessCount = 0;
        }
    }
}
