namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Reads a network deterministically: a state is the set of all places where the text so far may stand, made when first reached and
/// kept while there is room. Safe for use by many threads; those that ask for what is there do not wait.
/// </summary>
internal sealed class PushdownAutomaton
{
    /// <summary>Frames a stack may hold beyond what the shallowest text needs: how deep recursion may go.</summary>
    public const int ExtraDepth = 64;

    private readonly CompactNetwork _network;
    private readonly int[] _needs;
    private readonly int[] _distances;
    private Closure? _spare;

    /// <exception cref="GrammarException">No text is finite, or the grammar is too ambiguous from the start.</exception>
    public PushdownAutomaton(CompactNetwork network, CompileMeter meter, GrammarMemory memory)
    {
        _network = network;
        _needs = NetworkAnalysis.Needs(network, meter);
        _distances = NetworkAnalysis.Distances(network, meter);
        Deepest = _needs[CompactNetwork.Start] + ExtraDepth;
        var start = new Closure(network, _needs, Deepest);
        start.Add(StackFrame.Root, CompactNetwork.Start);
        Start = start.Find() ?? throw new GrammarException(
            "#", $"more than {Closure.MaxPlaces} readings are open before the first character; write alternatives so that they begin differently, or leave some out")
        { IsLimit = true };
        Store = new StateStore(memory);
    }

    /// <summary>Before any text.</summary>
    public AutomatonState Start { get; }

    /// <summary>What is kept of what was worked out.</summary>
    public StateStore Store { get; }

    /// <summary>Frames a stack may hold, with what they need.</summary>
    public int Deepest { get; }

    /// <summary>Bytes of memory, without those of the store.</summary>
    public long Bytes => _network.Bytes + ((_needs.Length + _distances.Length) * sizeof(int));

    /// <summary>Adds to <paramref name="work"/> what was looked at; gives the state after one more byte, <see cref="AutomatonState.Dead"/> if it is not allowed.</summary>
    public AutomatonState Next(AutomatonState state, byte value, ref long work)
    {
        var table = state.Next;
        if (table is null || Volatile.Read(ref table[_network.Classes[value]]) is not { } next)
        {
            return MakeNext(state, value, ref work);
        }

        if (next.LastUse != Store.Clock)
        {
            next.LastUse = Store.Clock;
        }

        return next;
    }

    /// <summary>The state in which a rule on its own stands where <paramref name="group"/> does, whoever called it.</summary>
    public AutomatonState InRule(PlaceGroup group)
    {
        var reach = 0;
        foreach (var node in group.Nodes)
        {
            reach = Math.Max(reach, _needs[node]);
        }

        return Store.Keep(new AutomatonState([group.OnItsOwn()], acceptsEnd: false, reachesCaller: false, reach));
    }

    /// <summary>The state after a rule has returned to <paramref name="frame"/>.</summary>
    public AutomatonState After(StackFrame frame, ref long work)
    {
        if (ReferenceEquals(frame, StackFrame.Root))
        {
            return new AutomatonState([], acceptsEnd: true, reachesCaller: false, reach: 0);
        }

        var closure = Rent();
        closure.Add(frame.Below!, frame.Node);
        return Find(closure, ref work);
    }

    /// <summary>The fewest bytes after which the text may end; 0 where it may end here.</summary>
    public int Distance(AutomatonState state)
    {
        if (state.Distance >= 0)
        {
            return state.Distance;
        }

        var best = state.AcceptsEnd ? 0 : NetworkAnalysis.Endless;
        foreach (var group in state.Groups)
        {
            var here = NetworkAnalysis.Endless;
            foreach (var node in group.Nodes)
            {
                here = Math.Min(here, _distances[node]);
            }

            for (var frame = group.Below; frame.Node >= 0; frame = frame.Below!)
            {
                here = Math.Min(NetworkAnalysis.Endless, here + _distances[frame.Node]);
            }

            best = Math.Min(best, here);
        }

        return state.Distance = best;
    }

    private AutomatonState MakeNext(AutomatonState state, byte value, ref long work)
    {
        // The bytes around it by which every place goes the same ways.
        var (least, most) = (byte.MinValue, byte.MaxValue);
        var closure = Rent();
        var isEmpty = true;
        foreach (var group in state.Groups)
        {
            foreach (var node in group.Nodes)
            {
                var edges = _network.Edges(node);

                // Next to what is looked at behind them, edges cost little.
                work += (edges.Length + 7) / 8;
                foreach (var edge in edges)
                {
                    if (value < edge.Low)
                    {
                        most = Math.Min(most, (byte)(edge.Low - 1));
                    }
                    else if (value > edge.High)
                    {
                        least = Math.Max(least, (byte)(edge.High + 1));
                    }
                    else
                    {
                        (least, most) = (Math.Max(least, edge.Low), Math.Min(most, edge.High));
                        closure.Add(group.Below, edge.To);
                        isEmpty = false;
                    }
                }
            }
        }

        var next = isEmpty ? Return(closure, AutomatonState.Dead) : Find(closure, ref work);
        var table = state.Next;
        if (table is null)
        {
            state.Next = table = new AutomatonState?[_network.Classes.Count];
            Store.Grow(state, 24 + (table.Length * 8));
        }

        for (var at = _network.Classes[least]; at <= _network.Classes[most]; at++)
        {
            Volatile.Write(ref table[at], next);
        }

        return next;
    }

    private AutomatonState Find(Closure closure, ref long work)
    {
        var before = closure.Work;
        var state = closure.Find() ?? AutomatonState.TooAmbiguous;
        work += closure.Work - before;
        Return(closure, state);
        return !state.IsDead ? Store.Keep(state) : ReferenceEquals(state, AutomatonState.TooAmbiguous) ? state : AutomatonState.Dead;
    }

    private Closure Rent() => Interlocked.Exchange(ref _spare, null) ?? new Closure(_network, _needs, Deepest);

    private AutomatonState Return(Closure closure, AutomatonState state)
    {
        _spare = closure.IsSmall ? closure : null;
        return state;
    }
}
