using System.Buffers;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Finds the tokens that a state allows by walking the vocabulary's tree along the automaton. What a rule allows by itself is
/// found once for each of its nodes, whoever calls it: inside a string nearly all tokens are allowed, wherever the string
/// stands, and only those that go on behind its end depend on what is there.
/// </summary>
internal sealed class MaskBuilder(PushdownAutomaton automaton, TokenVocabulary vocabulary)
{
    /// <summary>Bytes of masks kept; when there are more, all are let go and made again as needed.</summary>
    private const int Budget = 64 << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, RuleMask> _ruleMasks = [];
    private readonly List<WeakReference<AutomatonState>> _withMask = [];
    private int _bytes;

    /// <summary>The tokens allowed in a state, end tokens included where the text may end.</summary>
    public TokenMask MaskOf(AutomatonState state) => Volatile.Read(ref state.Mask) ?? Make(state);

    private TokenMask Make(AutomatonState state)
    {
        var bits = ArrayPool<ulong>.Shared.Rent(vocabulary.MaskWords);
        var words = bits.AsSpan(0, vocabulary.MaskWords);
        words.Clear();
        var path = ArrayPool<AutomatonState>.Shared.Rent(vocabulary.Deepest + 1);
        if (state.AcceptsEnd)
        {
            foreach (var token in vocabulary.EndTokens)
            {
                Set(words, token);
            }
        }

        foreach (var place in state.Places)
        {
            var rule = ReferenceEquals(place.Below, StackFrame.Root) ? null : InRule(place.Node, path);
            if (rule is null || place.Depth + rule.Reach > automaton.Deepest)
            {
                // Near the limit of depth a rule allows less than it does by itself. Walking the whole state covers all places.
                Walk(state, 0, path, words, null);
                break;
            }

            rule.Mask.AddTo(words);
            AddBehind(place, rule, path, words);
        }

        var mask = new TokenMask(words);
        ArrayPool<ulong>.Shared.Return(bits);
        ArrayPool<AutomatonState>.Shared.Return(path, clearArray: true);
        lock (_gate)
        {
            Keep(mask.Bytes);
            _withMask.Add(new WeakReference<AutomatonState>(state));
        }

        Volatile.Write(ref state.Mask, mask);
        return mask;
    }

    /// <summary>Tokens that begin in the rule and go on behind it.</summary>
    private void AddBehind(StackFrame place, RuleMask rule, AutomatonState[] path, Span<ulong> words)
    {
        if (rule.Ends.Length > 0)
        {
            var after = automaton.After(place.Below!);
            foreach (var node in rule.Ends)
            {
                Walk(after, node, path, words, null);
            }
        }
    }

    private RuleMask InRule(int node, AutomatonState[] path)
    {
        lock (_gate)
        {
            if (_ruleMasks.TryGetValue(node, out var known))
            {
                return known;
            }
        }

        var bits = new ulong[vocabulary.MaskWords];
        var ends = new List<int>();
        var reach = Walk(automaton.InRule(node), 0, path, bits, ends);
        var made = new RuleMask(new TokenMask(bits), [.. ends], reach);
        lock (_gate)
        {
            Keep(made.Mask.Bytes + (ends.Count * sizeof(int)));
            _ruleMasks[node] = made;
        }

        return made;
    }

    /// <summary>
    /// Adds the tokens below <paramref name="root"/> that <paramref name="state"/> allows, given that it is the state there, and
    /// gives the greatest <see cref="AutomatonState.Reach"/> on the way.
    /// </summary>
    private int Walk(AutomatonState state, int root, AutomatonState[] path, Span<ulong> words, List<int>? ends)
    {
        path[vocabulary.Depth(root)] = state;
        var reach = state.Reach;
        for (int node = root + 1, end = vocabulary.EndOf(root); node < end;)
        {
            var depth = vocabulary.Depth(node);
            var next = automaton.Next(path[depth - 1], vocabulary.Label(node));
            reach = Math.Max(reach, next.Reach);
            if (next.IsDead)
            {
                node = vocabulary.EndOf(node);
                continue;
            }

            foreach (var token in vocabulary.TokensAt(node))
            {
                Set(words, token);
            }

            if (next.ReachesCaller)
            {
                ends?.Add(node);
            }

            path[depth] = next;
            node++;
        }

        return reach;
    }

    private void Keep(int bytes)
    {
        _bytes += bytes;
        if (_bytes <= Budget)
        {
            return;
        }

        _bytes = bytes;
        _ruleMasks.Clear();
        foreach (var holder in _withMask)
        {
            if (holder.TryGetTarget(out var state))
            {
                Volatile.Write(ref state.Mask, null);
            }
        }

        _withMask.Clear();
    }

    private static void Set(Span<ulong> words, int token) => words[token >> 6] |= 1UL << token;

    /// <summary>What a rule allows by itself.</summary>
    /// <param name="Mask">Tokens that lie within it, or end where it ends.</param>
    /// <param name="Ends">Nodes of the vocabulary's tree at which it may have ended, with tokens going on below.</param>
    /// <param name="Reach">Deepest stack, above its own frame, that was looked at.</param>
    private sealed record RuleMask(TokenMask Mask, int[] Ends, int Reach);
}
