using System.Buffers;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Finds the tokens that a state allows by walking the vocabulary's tree along the automaton, a piece at a time. What a rule allows
/// by itself is found once for the nodes that it stands at, whoever calls it: inside a string nearly all tokens are allowed, wherever
/// the string stands, and only those that go on behind its end depend on what is there. Not safe for use by several threads.
/// </summary>
internal sealed class MaskWork
{
    private readonly PushdownAutomaton _automaton;
    private readonly TokenVocabulary _vocabulary;
    private readonly AutomatonState _state;
    private readonly IEnumerator<bool> _pieces;
    private AutomatonState[] _path = [];
    private long _work;
    private readonly long _limit;
    private long _until;

    private bool _sawTooAmbiguous;

    // The walk in progress.
    private int _node;
    private int _end;
    private int _reach;

    /// <param name="automaton">Of the grammar.</param>
    /// <param name="vocabulary">The tokens.</param>
    /// <param name="state">Where the text stands.</param>
    /// <param name="limit">Work that it may take in all.</param>
    public MaskWork(PushdownAutomaton automaton, TokenVocabulary vocabulary, AutomatonState state, long limit)
    {
        _limit = limit;
        _automaton = automaton;
        _vocabulary = vocabulary;
        _state = state;
        _pieces = Pieces().GetEnumerator();
    }

    /// <summary>The tokens allowed, end tokens included where the text may end; null until all are found.</summary>
    public TokenMask? Mask { get; private set; }

    /// <summary>What has been looked at: nodes of the grammar, and tokens.</summary>
    public long Work => _work;

    /// <summary>Goes on for about so much work; a single step may be some ten thousands more. True when all is found.</summary>
    /// <exception cref="GrammarException">It takes more than it may, or no token is allowed and it is for too many readings.</exception>
    public bool Run(long budget)
    {
        _until = _work + budget;
        return !_pieces.MoveNext();
    }

    /// <summary>Each item is a pause.</summary>
    private IEnumerable<bool> Pieces()
    {
        var words = ArrayPool<ulong>.Shared.Rent(_vocabulary.MaskWords);
        _path = ArrayPool<AutomatonState>.Shared.Rent(_vocabulary.Deepest + 1);
        Array.Clear(words, 0, _vocabulary.MaskWords);
        var fromRule = (TokenMask?)null;
        for (var i = 0; i < _state.Groups.Length; i++)
        {
            var group = _state.Groups[i];
            var inRule = _automaton.InRule(group);
            var sawBefore = _sawTooAmbiguous;
            if (inRule.RuleMask is not { } rule)
            {
                _sawTooAmbiguous = false;
                var own = new ulong[_vocabulary.MaskWords];
                var ends = new List<int>();
                Begin(inRule, 0);
                while (!Walk(own, ends))
                {
                    yield return false;
                }

                rule = new RuleMask(new TokenMask(own), [.. ends], _reach, _sawTooAmbiguous);
                inRule.RuleMask = rule;
                _automaton.Store.Grow(inRule, rule.Mask.Bytes + (ends.Count * sizeof(int)) + 64);
            }

            _sawTooAmbiguous = sawBefore || rule.TooAmbiguous;
            if (group.Depth + rule.Reach > _automaton.Deepest)
            {
                // Near the limit of depth a rule allows less than it does by itself. Walking the whole state covers all places.
                fromRule = null;
                Begin(_state, 0);
                while (!Walk(words, null))
                {
                    yield return false;
                }

                break;
            }

            rule.Mask.AddTo(words);
            fromRule = _state.Groups.Length == 1 ? rule.Mask : null;
            if (rule.Ends.Length > 0)
            {
                // Tokens that begin in the rule and go on behind it.
                var after = _automaton.After(group.Below, ref _work);
                foreach (var node in rule.Ends)
                {
                    fromRule = null;
                    Begin(after, node);
                    while (!Walk(words, null))
                    {
                        yield return false;
                    }
                }
            }
        }

        Finish(words, fromRule);
    }

    private void Finish(ulong[] words, TokenMask? fromRule)
    {
        var bits = words.AsSpan(0, _vocabulary.MaskWords);
        if (_state.AcceptsEnd)
        {
            foreach (var token in _vocabulary.EndTokens)
            {
                Set(bits, token);
            }
        }

        var mask = fromRule is not null && !_state.AcceptsEnd ? fromRule : new TokenMask(bits);
        ArrayPool<ulong>.Shared.Return(words);
        ArrayPool<AutomatonState>.Shared.Return(_path, clearArray: true);
        _path = [];
        if (mask.Count == 0 && _sawTooAmbiguous)
        {
            throw new GrammarException(
                "#",
                $"the structure is too ambiguous to go on with: every token leaves more than {Closure.MaxPlaces} readings open; write alternatives so that they begin differently, or leave some out")
            { IsLimit = true };
        }

        // Not before: who comes to the same place is to be told the same.
        Mask = _state.Mask = mask;
        _automaton.Store.Grow(_state, ReferenceEquals(mask, fromRule) ? 0 : mask.Bytes + 48);
    }

    /// <summary>Begins to walk the tokens below <paramref name="root"/>, given that <paramref name="state"/> is the state there.</summary>
    private void Begin(AutomatonState state, int root)
    {
        _path[_vocabulary.Depth(root)] = state;
        _reach = state.Reach;
        _node = root + 1;
        _end = _vocabulary.EndOf(root);
    }

    /// <summary>
    /// Goes on with the walk: adds the tokens that are allowed to <paramref name="words"/>, and nodes at which the rule may have ended to
    /// <paramref name="ends"/>. False when the work of this piece is done before the walk.
    /// </summary>
    private bool Walk(ulong[] words, List<int>? ends)
    {
        while (_node < _end)
        {
            if (_work > _limit)
            {
                throw new GrammarException(
                    "#",
                    $"the structure is too ambiguous: finding the tokens that may come next takes more than {_limit} steps, the limit here; write it so that fewer readings are open at once, such as [ab]{{0,20}} in place of ([ab]?){{20}}")
                {
                    IsLimit = true,
                };
            }

            if (_work >= _until)
            {
                return false;
            }

            _work++;
            var node = _node;
            var depth = _vocabulary.Depth(node);
            var next = _automaton.Next(_path[depth - 1], _vocabulary.Label(node), ref _work);
            _reach = Math.Max(_reach, next.Reach);
            if (next.IsDead)
            {
                _sawTooAmbiguous |= ReferenceEquals(next, AutomatonState.TooAmbiguous);
                _node = _vocabulary.EndOf(node);
                continue;
            }

            foreach (var token in _vocabulary.TokensAt(node))
            {
                Set(words, token);
            }

            if (next.ReachesCaller)
            {
                ends?.Add(node);
            }

            _path[depth] = next;
            _node++;
        }

        return true;
    }

    private static void Set(Span<ulong> words, int token) => words[token >> 6] |= 1UL << token;
}
