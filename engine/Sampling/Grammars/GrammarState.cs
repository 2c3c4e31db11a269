namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Where one sequence stands in its grammar. For one thread at a time; a fork is a state of its own.</summary>
public sealed class GrammarState
{
    private readonly Grammar _grammar;
    private MaskWork? _work;

    // The first of those nodes of the vocabulary's tree that were not looked at yet, and what was best of the others; node 0 before.
    private (int Node, int Distance, int Token) _closing;

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
    public bool IsComplete => State.AcceptsEnd && State.Groups.Length == 0;

    /// <summary>The state of the automaton.</summary>
    internal AutomatonState State { get; private set; }

    /// <summary>The tokens that may come next, once they are found.</summary>
    internal TokenMask? Mask { get; private set; }

    /// <summary>True once an end token has been taken.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>The fewest bytes after which the text may end; 0 where it may end here.</summary>
    public int Distance => _grammar.Distance(State);

    /// <summary>What <see cref="Distance"/> would be after a token with text; more than any text is long if it is not allowed here.</summary>
    public int DistanceAfter(int token) =>
        _grammar.After(State, _grammar.Vocabulary.Bytes(token)) is { } next ? _grammar.Distance(next) : NetworkAnalysis.Endless;

    /// <summary>
    /// The first token of a shortest way to the end, byte by byte: an end token where the text may end; -1 when the vocabulary has no token of
    /// the byte that it takes.
    /// </summary>
    public int ClosingToken()
    {
        var budget = long.MaxValue / 2;
        TryFindClosingToken(ref budget);
        return _closing.Token;
    }

    /// <summary>Looks for <see cref="ClosingToken"/> within <paramref name="budget"/>, from which what is used is taken: true once it is found.</summary>
    internal bool TryFindClosingToken(ref long budget)
    {
        var vocabulary = _grammar.Vocabulary;
        if (_closing.Node == 0)
        {
            _closing = CanTerminate
                ? (vocabulary.NodeCount, 0, vocabulary.EndTokens.Length > 0 ? vocabulary.EndTokens[0] : -1)
                : (1, Distance, -1);
        }

        while (_closing.Node < vocabulary.NodeCount && budget > 0)
        {
            var (node, best, token) = _closing;
            var work = 1L;
            if (vocabulary.TokensAt(node) is [var first, ..]
                && _grammar.After(State, [vocabulary.Label(node)], ref work) is { } next
                && _grammar.Distance(next) < best)
            {
                (best, token) = (_grammar.Distance(next), first);
            }

            budget -= work;
            _closing = (vocabulary.EndOf(node), best, token);
        }

        return _closing.Node >= vocabulary.NodeCount;
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

        var bytes = _grammar.Vocabulary.Bytes(token);
        if (bytes.Length == 0 || _grammar.After(State, bytes) is not { } next)
        {
            return false;
        }

        Go(next);
        return true;
    }

    /// <summary>Takes bytes that are part of a token: true, or false with nothing changed if the grammar does not allow them here.</summary>
    public bool Advance(ReadOnlySpan<byte> bytes)
    {
        if (IsEnded || _grammar.After(State, bytes) is not { } next)
        {
            return false;
        }

        Go(next);
        return true;
    }

    /// <summary>
    /// Looks for the tokens that may come next, within <paramref name="budget"/>, from which what is used is taken: true once they are found.
    /// </summary>
    /// <exception cref="GrammarException">It takes more than <see cref="GrammarLimits.MaxMaskWork"/> in all, or too many readings are open.</exception>
    internal bool TryFindMask(ref long budget)
    {
        if (Mask is not null || IsEnded)
        {
            return true;
        }

        if (_work is null)
        {
            State = _grammar.Keep(State);
            Mask = State.Mask;
            if (Mask is not null)
            {
                return true;
            }

        }

        // Work that failed is not gone on with.
        var work = _work ?? _grammar.MaskOf(State);
        var before = work.Work;
        _work = null;
        try
        {
            _work = work.Run(budget) ? null : work;
        }
        finally
        {
            budget -= work.Work - before;
        }

        Mask = work.Mask;
        return _work is null;
    }

    /// <summary>
    /// Writes one bit for each token that may come next, the lowest bit of the first word for token 0, and gives their number.
    /// None is an error of the grammar or the vocabulary (a byte that no token has), or means that the text has ended.
    /// </summary>
    /// <param name="mask"><see cref="TokenVocabulary.MaskWords"/> words.</param>
    /// <exception cref="GrammarException">It would take more than <see cref="GrammarLimits.MaxMaskWork"/>.</exception>
    public int FillMask(Span<ulong> mask)
    {
        mask.Clear();
        if (IsEnded)
        {
            return 0;
        }

        // Whoever asks here waits for all of it.
        var budget = long.MaxValue / 2;
        TryFindMask(ref budget);
        Mask!.AddTo(mask);
        return Mask.Count;
    }

    /// <summary>A state of its own at the same place.</summary>
    public GrammarState Fork() => new(_grammar, State) { IsEnded = IsEnded };

    private void Go(AutomatonState next)
    {
        State = next;
        Mask = null;
        _work = null;
        _closing = default;
    }
}
