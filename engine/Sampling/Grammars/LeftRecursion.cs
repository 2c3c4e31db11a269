namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Finds rules that lead back to themselves without a byte in between: the automaton would never come to an end of looking.</summary>
internal sealed class LeftRecursion
{
    private readonly ByteNetwork _network;
    private readonly bool[] _isNullable;

    private LeftRecursion(ByteNetwork network)
    {
        _network = network;
        _isNullable = NetworkEnds.Of(network, overBytes: false);
    }

    /// <summary>Refuses a network with such a rule.</summary>
    /// <exception cref="GrammarException">There is one.</exception>
    public static void Refuse(ByteNetwork network)
    {
        var search = new LeftRecursion(network);
        const byte open = 1, done = 2;
        var state = new byte[network.Rules.Count];
        var path = new Stack<(int Rule, Queue<int> Calls)>();
        for (var first = 0; first < state.Length; first++)
        {
            Enter(first);
            while (path.TryPeek(out var top))
            {
                if (top.Calls.TryDequeue(out var called))
                {
                    Enter(called);
                }
                else
                {
                    state[top.Rule] = done;
                    path.Pop();
                }
            }
        }

        void Enter(int rule)
        {
            if (state[rule] == open)
            {
                throw new GrammarException("#", "a $ref leads back to itself without any content in between");
            }

            if (state[rule] != done)
            {
                state[rule] = open;
                path.Push((rule, search.FirstCalls(network.Rules[rule])));
            }
        }
    }

    /// <summary>The rules that may be called before any byte is read.</summary>
    private Queue<int> FirstCalls(int start)
    {
        var calls = new HashSet<int>();
        var seen = new HashSet<int> { start };
        var open = new Stack<int>(seen);
        while (open.TryPop(out var node))
        {
            _network.Meter.Work();
            for (var at = _network[node].Call; at >= 0; at = _network.CallAt(at).Next)
            {
                var call = _network.CallAt(at);
                calls.Add(call.Rule);
                if (_isNullable[_network.Rules[call.Rule]] && seen.Add(call.Return))
                {
                    open.Push(call.Return);
                }
            }

            for (var at = _network[node].Jump; at >= 0; at = _network.JumpAt(at).Next)
            {
                if (seen.Add(_network.JumpAt(at).To))
                {
                    open.Push(_network.JumpAt(at).To);
                }
            }
        }

        return new Queue<int>(calls);
    }
}
