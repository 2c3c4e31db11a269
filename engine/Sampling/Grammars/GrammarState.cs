namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Where one sequence stands in its grammar. For one thread at a time; a fork is a state of its own.</summary>
public sealed class GrammarState
{
    private readonly Grammar _grammar;

    internal GrammarState(Grammar grammar, AutomatonState state)
    {
        _grammar = grammar;
        State = state;
    }

    /// <summary>The grammar.</summary>
    public Grammar Grammar => _grammar;

    /// <summary>True when the text so far is allowed as a whole, so that it may end here; only then does the mask hold end tokens.</summary>
    public bool CanTerminate => State.AcceptsEnd;

    /// <summary>True when the text so far is whole and nothing may follow it but an end token.</summary>
    public bool IsComplete => State.AcceptsEnd && State.Places.Length == 0;

    /// <summary>The state of the automaton.</summary>
    internal AutomatonState State { get; private set; }

    /// <summary>True once an end token has been taken.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>
    /// Takes a token: true, or false with nothing changed if the grammar does not allow it here.
    /// </summary>
    public bool Advance(int token)
    {
        var tokenizer = _grammar.Vocabulary.Tokenizer;
        if (IsEnded)
        {
            return false;
        }

        if (tokenizer.IsEndOfGeneration(token))
        {
            IsEnded = CanTerminate;
            return IsEnded;
        }

        var bytes = tokenizer.TokenBytes(token);
        if (bytes.Length == 0 || _grammar.After(State, bytes) is not { } next)
        {
            return false;
        }

        State = next;
        return true;
    }

    /// <summary>Takes bytes that are part of a token: true, or false with nothing changed if the grammar does not allow them here.</summary>
    public bool Advance(ReadOnlySpan<byte> bytes)
    {
        if (IsEnded || _grammar.After(State, bytes) is not { } next)
        {
            return false;
        }

        State = next;
        return true;
    }

    /// <summary>
    /// Writes one bit for each token that may come next, the lowest bit of the first word for token 0, and gives their number.
    /// None is an error of the grammar or the vocabulary (a byte that no token has), or means that the text has ended.
    /// </summary>
    /// <param name="mask"><see cref="TokenVocabulary.MaskWords"/> words.</param>
    public int FillMask(Span<ulong> mask)
    {
        mask.Clear();
        if (IsEnded)
        {
            return 0;
        }

        var tokens = _grammar.MaskOf(State);
        tokens.AddTo(mask);
        return tokens.Count;
    }

    /// <summary>A state of its own at the same place.</summary>
    public GrammarState Fork() => new(_grammar, State) { IsEnded = IsEnded };
}
