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

    /// <summary>The fewest bytes after which the text may end; 0 where it may end here.</summary>
    public int Distance => _grammar.Distance(State);

    /// <summary>What <see cref="Distance"/> would be after a token with text; more than any text is long if it is not allowed here.</summary>
    public int DistanceAfter(int token) =>
        _grammar.After(State, _grammar.Vocabulary.Tokenizer.TokenBytes(token)) is { } next ? _grammar.Distance(next) : NetworkAnalysis.Endless;

    /// <summary>
    /// The first token of a shortest way to the end, byte by byte: an end token where the text may end; -1 when the vocabulary has no token of
    /// the byte that it takes.
    /// </summary>
    public int ClosingToken()
    {
        var vocabulary = _grammar.Vocabulary;
        if (CanTerminate)
        {
            return vocabulary.EndTokens.Length > 0 ? vocabulary.EndTokens[0] : -1;
        }

        var (best, token) = (Distance, -1);
        for (var node = 1; node < vocabulary.NodeCount; node = vocabulary.EndOf(node))
        {
            if (vocabulary.TokensAt(node) is [var first, ..]
                && _grammar.After(State, [vocabulary.Label(node)]) is { } next
                && _grammar.Distance(next) < best)
            {
                (best, token) = (_grammar.Distance(next), first);
            }
        }

        return token;
    }

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
