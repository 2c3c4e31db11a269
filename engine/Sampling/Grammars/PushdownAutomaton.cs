namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Reads a network deterministically: a state is the set of all places where the text so far may stand, made and kept when
/// first reached. Safe for use by many threads; those that ask for what is there do not wait.
/// </summary>
internal sealed class PushdownAutomaton
{
    /// <summary>Frames a stack may hold beyond what the shallowest text needs: how deep recursion may go.</summary>
    public const int ExtraDepth = 64;

    /// <summary>States kept for sharing; when there are more, all are let go and made again as needed.</summary>
    private const int MaxStates = 8192;

    /// <summary>Places of one state at most; a text with more readings is too ambiguous to go on with.</summary>
    private const int MaxPlaces = 1024;

    private readonly ByteNetwork _network;
    private readonly int[] _needs;
    private readonly int[] _distances;
    private readonly int _deepest;
    private readonly Lock _gate = new();
    private readonly Dictionary<AutomatonState, AutomatonState> _states = [];

    /// <exception cref="GrammarException">A rule calls itself before any byte, or no text is finite.</exception>
    public PushdownAutomaton(ByteNetwork network)
    {
        _network = network;
        _needs = NetworkAnalysis.Needs(network);
        _distances = NetworkAnalysis.Distances(network);
        _deepest = _needs[network.Start] + ExtraDepth;
        Start = Reach([StackFrame.On(StackFrame.Root, network.Start)]);
    }

    /// <summary>Before any text.</summary>
    public AutomatonState Start { get; }

    /// <summary>Frames a stack may hold, with what they need.</summary>
    public int Deepest => _deepest;

    /// <summary>The state after one more byte; <see cref="AutomatonState.Dead"/> if it is not allowed.</summary>
    public AutomatonState Next(AutomatonState state, byte value)
    {
        var table = state.Next;
        return table is not null && Volatile.Read(ref table[value]) is { } next ? next : MakeNext(state, value);
    }

    /// <summary>The state at <paramref name="node"/> in a rule on its own, whoever called it.</summary>
    public AutomatonState InRule(int node) => Reach([StackFrame.On(StackFrame.Caller, node)]);

    /// <summary>The state after a rule has returned to <paramref name="frame"/>.</summary>
    public AutomatonState After(StackFrame frame) => ReferenceEquals(frame, StackFrame.Root)
        ? Share(new AutomatonState([], acceptsEnd: true, reachesCaller: false, reach: 0))
        : Reach([frame]);

    /// <summary>The fewest bytes after which the text may end; 0 where it may end here.</summary>
    public int Distance(AutomatonState state)
    {
        if (state.Distance >= 0)
        {
            return state.Distance;
        }

        var best = state.AcceptsEnd ? 0 : NetworkAnalysis.Endless;
        foreach (var place in state.Places)
        {
            var sum = 0;
            for (var frame = place; frame.Node >= 0; frame = frame.Below!)
            {
                sum = Math.Min(NetworkAnalysis.Endless, sum + _distances[frame.Node]);
            }

            best = Math.Min(best, sum);
        }

        return state.Distance = best;
    }

    private AutomatonState MakeNext(AutomatonState state, byte value)
    {
        var open = new List<StackFrame>();
        foreach (var place in state.Places)
        {
            foreach (var edge in _network[place.Node].Edges)
            {
                if (edge.Low <= value && value <= edge.High)
                {
                    open.Add(StackFrame.On(place.Below!, edge.To));
                }
            }
        }

        var next = open.Count == 0 ? AutomatonState.Dead : Reach(open);
        var table = state.Next ??= new AutomatonState?[256];
        Volatile.Write(ref table[value], next);
        return next;
    }

    /// <summary>The state of all places that are reached from <paramref name="open"/> without a byte.</summary>
    private AutomatonState Reach(List<StackFrame> open)
    {
        var seen = new HashSet<StackFrame>();
        var places = new List<StackFrame>();
        var (acceptsEnd, reachesCaller, reach) = (false, false, 0);
        while (open.Count > 0)
        {
            var frame = open[^1];
            open.RemoveAt(open.Count - 1);
            if (ReferenceEquals(frame, StackFrame.Root))
            {
                acceptsEnd = true;
            }
            else if (ReferenceEquals(frame, StackFrame.Caller))
            {
                reachesCaller = true;
            }
            else if (Fits(frame, ref reach) && seen.Add(frame))
            {
                Expand(frame, open, places, ref reach);
            }
        }

        if (places.Count > MaxPlaces)
        {
            return AutomatonState.Dead;
        }

        var state = new AutomatonState([.. places], acceptsEnd, reachesCaller, reach);
        return state.IsDead ? AutomatonState.Dead : Share(state);
    }

    private void Expand(StackFrame frame, List<StackFrame> open, List<StackFrame> places, ref int reach)
    {
        var node = _network[frame.Node];
        if (node.Edges.Count > 0)
        {
            places.Add(frame);
        }

        if (node.IsEnd)
        {
            open.Add(frame.Below!);
        }

        foreach (var to in node.Jumps)
        {
            open.Add(StackFrame.On(frame.Below!, to));
        }

        foreach (var call in node.Calls)
        {
            var back = StackFrame.On(frame.Below!, call.Return);
            if (Fits(back, ref reach))
            {
                open.Add(StackFrame.On(back, _network.Rules[call.Rule]));
            }
        }
    }

    /// <summary>Whether a text can still end within the depth allowed.</summary>
    private bool Fits(StackFrame frame, ref int reach)
    {
        var deep = frame.Depth + _needs[frame.Node];
        if (deep > _deepest)
        {
            return false;
        }

        reach = Math.Max(reach, deep);
        return true;
    }

    private AutomatonState Share(AutomatonState state)
    {
        lock (_gate)
        {
            if (_states.TryGetValue(state, out var known))
            {
                return known;
            }

            if (_states.Count == MaxStates)
            {
                _states.Clear();
            }

            _states.Add(state, state);
            return state;
        }
    }
}
