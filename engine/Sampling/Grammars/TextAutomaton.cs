using System.Runtime.InteropServices;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Texts as a machine over code points, for what an expression alone cannot say: that several expressions hold at once, that one does not, or
/// that one holds for what follows. A set of texts is the state that it is read from; all sets share the states.
/// </summary>
internal sealed class TextAutomaton
{
    private const int StateBytes = 48, EdgeBytes = 32;
    private readonly CompileMeter _meter;
    private readonly List<State> _states = [];
    private int? _anything;

    public TextAutomaton(CompileMeter meter)
    {
        _meter = meter;
        End = Add(isEnd: true);
    }

    /// <summary>The empty text.</summary>
    public int End { get; }

    /// <summary>Every text.</summary>
    public int Anything
    {
        get
        {
            if (_anything is null)
            {
                _anything = Add(isEnd: true);
                Edge(_anything.Value, CodePoints.All, _anything.Value);
            }

            return _anything.Value;
        }
    }

    /// <summary>What an expression matches, followed by a text of <paramref name="rest"/>.</summary>
    /// <exception cref="GrammarException">It looks ahead from within a loop.</exception>
    public int Build(RegexNode node, int rest)
    {
        switch (node)
        {
            case RegexNode.Set set:
                var before = Add();
                Edge(before, set.Ranges, rest);
                return before;
            case RegexNode.Sequence sequence:
                return sequence.Parts.Reverse().Aggregate(rest, (at, part) => Build(part, at));
            case RegexNode.AnyOf any:
                var fork = Add();
                foreach (var way in any.Ways)
                {
                    Jump(fork, Build(way, rest));
                }

                return fork;
            case RegexNode.Repeat repeat:
                return Build(repeat, rest);
            case RegexNode.Ahead ahead:
                var seen = Build(ahead.Part, Anything);
                return Both(ahead.IsNegated ? Not(seen) : seen, rest);
            case RegexNode.AtEnd:
                return Both(End, rest);
            default:
                throw new InvalidOperationException($"no such node: {node}");
        }
    }

    /// <summary>Texts of so many code points.</summary>
    public int OfLength(int least, int? most) => Build(new RegexNode.Repeat(new RegexNode.Set(CodePoints.All), least, most), End);

    /// <summary>The texts of both.</summary>
    public int Both(int one, int other)
    {
        var known = new Dictionary<(int One, int Other), int>();
        var open = new Stack<(int One, int Other)>();
        var start = At(one, other);
        while (open.TryPop(out var pair))
        {
            var at = known[pair];
            var (a, b) = (_states[pair.One], _states[pair.Other]);
            _states[at].IsEnd = a.IsEnd && b.IsEnd;
            foreach (var to in a.Jumps)
            {
                Jump(at, At(to, pair.Other));
            }

            foreach (var to in b.Jumps)
            {
                Jump(at, At(pair.One, to));
            }

            foreach (var first in a.Edges)
            {
                foreach (var second in b.Edges)
                {
                    _meter.Work();
                    if (CodePoints.Both(first.Set, second.Set) is { Length: > 0 } set)
                    {
                        Edge(at, set, At(first.To, second.To));
                    }
                }
            }
        }

        return start;

        int At(int first, int second)
        {
            ref var state = ref CollectionsMarshal.GetValueRefOrAddDefault(known, (first, second), out var isKnown);
            if (!isKnown)
            {
                state = Add();
                open.Push((first, second));
            }

            return state;
        }
    }

    /// <summary>Every text but those of <paramref name="start"/>.</summary>
    public int Not(int start)
    {
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var open = new Stack<(int State, int[] Of)>();
        var first = At([start]);
        while (open.TryPop(out var next))
        {
            var covered = new List<CodePointRange>();
            foreach (var (set, targets) in Ways(next.Of))
            {
                covered.AddRange(set);
                Edge(next.State, set, At(targets));
            }

            if (CodePoints.Complement(covered) is { Length: > 0 } others)
            {
                Edge(next.State, others, Anything);
            }
        }

        return first;

        int At(IEnumerable<int> places)
        {
            var all = Closure(places);
            var key = new string(MemoryMarshal.Cast<int, char>(all));
            if (!known.TryGetValue(key, out var state))
            {
                state = Add(isEnd: !Array.Exists(all, place => _states[place].IsEnd));
                _meter.AddBytes(key.Length * 2);
                known.Add(key, state);
                open.Push((state, all));
            }

            return state;
        }
    }

    /// <summary>Whether a text is one of those of <paramref name="start"/>.</summary>
    public bool Matches(int start, string text)
    {
        var at = Closure([start]);
        foreach (var rune in text.EnumerateRunes())
        {
            at = Closure(at.SelectMany(place => _states[place].Edges.Where(edge => CodePoints.Has(edge.Set, rune.Value)).Select(static edge => edge.To)));
        }

        return Array.Exists(at, place => _states[place].IsEnd);
    }

    /// <summary>Appends the texts of <paramref name="start"/> to a network; null where there are none.</summary>
    /// <param name="network">The network.</param>
    /// <param name="from">Where it starts.</param>
    /// <param name="start">Its texts.</param>
    /// <param name="codePoint">Appends one code point of a set.</param>
    public int? AppendTo(ByteNetwork network, int from, int start, Func<int, CodePointRange[], int> codePoint)
    {
        var useful = Useful(start);
        foreach (var state in useful.Keys)
        {
            useful[state] = network.Add();
        }

        if (!useful.TryGetValue(start, out var first))
        {
            return null;
        }

        network.Jump(from, first);
        var to = network.Add();
        foreach (var (state, node) in useful)
        {
            if (_states[state].IsEnd)
            {
                network.Jump(node, to);
            }

            foreach (var next in _states[state].Jumps.Where(useful.ContainsKey))
            {
                network.Jump(node, useful[next]);
            }

            foreach (var edge in _states[state].Edges.Where(edge => useful.ContainsKey(edge.To)))
            {
                network.Jump(codePoint(node, edge.Set), useful[edge.To]);
            }
        }

        return to;
    }

    private int Build(RegexNode.Repeat repeat, int rest)
    {
        var at = rest;
        if (repeat.Most is not { } most)
        {
            if (repeat.Part.LooksAhead)
            {
                throw new GrammarException("regex", "looking ahead within a repetition without limit is not supported; give the repetition an upper limit");
            }

            at = Add();
            Jump(at, rest);
            Jump(at, Build(repeat.Part, at));
        }
        else
        {
            for (var i = repeat.Least; i < most; i++)
            {
                var more = Build(repeat.Part, at);
                if (more == at)
                {
                    break;
                }

                var option = Add();
                Jump(option, more);
                Jump(option, rest);
                at = option;
            }
        }

        for (var i = 0; i < repeat.Least; i++)
        {
            var before = Build(repeat.Part, at);
            if (before == at)
            {
                break;
            }

            at = before;
        }

        return at;
    }

    /// <summary>Of all places together: the sets of code points by which they go to the same places.</summary>
    private List<(CodePointRange[] Set, int[] Targets)> Ways(int[] places)
    {
        var events = new List<(int At, int Change, int To)>();
        foreach (var edge in places.SelectMany(place => _states[place].Edges))
        {
            foreach (var range in edge.Set)
            {
                _meter.Work();
                events.Add((range.First, 1, edge.To));
                events.Add((range.Last + 1, -1, edge.To));
            }
        }

        events.Sort();
        var active = new SortedDictionary<int, int>();
        var byTargets = new Dictionary<string, (List<CodePointRange> Set, int[] Targets)>(StringComparer.Ordinal);
        for (var i = 0; i < events.Count;)
        {
            var at = events[i].At;
            for (; i < events.Count && events[i].At == at; i++)
            {
                _meter.Work();
                active[events[i].To] = active.GetValueOrDefault(events[i].To) + events[i].Change;
                if (active[events[i].To] == 0)
                {
                    active.Remove(events[i].To);
                }
            }

            if (active.Count > 0)
            {
                int[] targets = [.. active.Keys];
                var key = new string(MemoryMarshal.Cast<int, char>(targets));
                byTargets.TryAdd(key, ([], targets));
                byTargets[key].Set.Add(new CodePointRange(at, events[i].At - 1));
                _meter.Work();
            }
        }

        return [.. byTargets.Values.Select(static way => (CodePoints.Normalize(way.Set), way.Targets))];
    }

    /// <summary>All places that are reached without a code point, in order.</summary>
    private int[] Closure(IEnumerable<int> places)
    {
        var seen = new HashSet<int>(places);
        var open = new Stack<int>(seen);
        while (open.TryPop(out var place))
        {
            _meter.Work();
            foreach (var to in _states[place].Jumps)
            {
                if (seen.Add(to))
                {
                    open.Push(to);
                }
            }
        }

        return [.. seen.Order()];
    }

    /// <summary>States that are reached from <paramref name="start"/> and from which a text ends.</summary>
    private Dictionary<int, int> Useful(int start)
    {
        var users = new Dictionary<int, List<int>> { [start] = [] };
        var open = new Stack<int>([start]);
        var useful = new Dictionary<int, int>();
        var ends = new Stack<int>();
        while (open.TryPop(out var state))
        {
            _meter.Work();
            if (_states[state].IsEnd)
            {
                useful.Add(state, 0);
                ends.Push(state);
            }

            foreach (var to in _states[state].Jumps.Concat(_states[state].Edges.Where(static edge => edge.Set.Length > 0).Select(static edge => edge.To)))
            {
                if (!users.TryGetValue(to, out var list))
                {
                    users.Add(to, list = []);
                    open.Push(to);
                }

                list.Add(state);
            }
        }

        while (ends.TryPop(out var state))
        {
            foreach (var user in users[state])
            {
                _meter.Work();
                if (useful.TryAdd(user, 0))
                {
                    ends.Push(user);
                }
            }
        }

        return useful;
    }

    private int Add(bool isEnd = false)
    {
        _meter.AddBytes(StateBytes);
        _states.Add(new State { IsEnd = isEnd });
        return _states.Count - 1;
    }

    private void Jump(int from, int to)
    {
        _meter.AddBytes(sizeof(int));
        (_states[from].Jumps is List<int> jumps ? jumps : _states[from].MakeJumps()).Add(to);
    }

    private void Edge(int from, CodePointRange[] set, int to)
    {
        _meter.AddBytes(EdgeBytes);
        (_states[from].Edges is List<Step> edges ? edges : _states[from].MakeEdges()).Add(new Step(set, to));
    }

    private sealed class State
    {
        public bool IsEnd { get; set; }

        public IReadOnlyList<int> Jumps { get; private set; } = [];

        public IReadOnlyList<Step> Edges { get; private set; } = [];

        public List<int> MakeJumps()
        {
            var jumps = new List<int>(1);
            Jumps = jumps;
            return jumps;
        }

        public List<Step> MakeEdges()
        {
            var edges = new List<Step>(1);
            Edges = edges;
            return edges;
        }
    }

    private readonly record struct Step(CodePointRange[] Set, int To);
}
