using System.Runtime.InteropServices;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Makes one node of those that cannot be told apart: a node that only jumps is where it jumps to, and nodes with the same ways on
/// are one. A call behind which nothing comes is a jump into its rule, so that no stack grows by it. Alternatives that are the same
/// thereby become one, however they are written, and a text has no more readings than it has meanings. What cannot be reached is left out.
/// </summary>
internal sealed class NetworkReducer
{
    private readonly ByteNetwork _network;
    private readonly CompileMeter _meter;

    // For each node, the node that stands for it, or one that leads there.
    private readonly int[] _stand;

    // The ways on of each node that stands for itself: [end, edges, jumps, (low << 8 | high, to)…, to…, (rule, return)…].
    private readonly List<int> _ways = [];
    private readonly int[] _waysAt;
    private readonly int[] _waysEnd;

    // By a hash of its ways the newest node that has them, and for each node the one before it with the same hash.
    private readonly Dictionary<int, int> _byHash = [];
    private readonly int[] _sameHash;

    // Of the node that is looked at.
    private readonly List<(byte Low, byte High, int To)> _edges = [];
    private readonly List<int> _jumps = [];
    private readonly List<(int Rule, int Return)> _calls = [];

    private NetworkReducer(ByteNetwork network)
    {
        _network = network;
        _meter = network.Meter;
        _stand = new int[network.Count];
        _waysAt = new int[network.Count];
        _waysEnd = new int[network.Count];
        _sameHash = new int[network.Count];
        for (var node = 0; node < _stand.Length; node++)
        {
            _stand[node] = node;
        }
    }

    /// <summary>The reduced network; its start is node 0.</summary>
    public static CompactNetwork Reduce(ByteNetwork network)
    {
        var reducer = new NetworkReducer(network);

        // What a node leads to was mostly made after it.
        for (var node = network.Count - 1; node >= 0; node--)
        {
            reducer.Look(node);
        }

        return reducer.Write();
    }

    private void Look(int node)
    {
        _meter.Work();
        Gather(node);
        var isEnd = _network[node].IsEnd;
        if (_edges.Count == 0 && _calls.Count == 0 && _jumps.Count == 1 && !isEnd)
        {
            _stand[node] = _jumps[0];
            return;
        }

        var start = _ways.Count;
        _ways.AddRange(isEnd ? 1 : 0, _edges.Count, _jumps.Count);
        foreach (var (low, high, to) in _edges)
        {
            _ways.AddRange((low << 8) | high, to);
        }

        _ways.AddRange(_jumps);
        foreach (var (rule, @return) in _calls)
        {
            _ways.AddRange(rule, @return);
        }

        var ways = CollectionsMarshal.AsSpan(_ways)[start..];
        var hash = new HashCode();
        hash.AddBytes(MemoryMarshal.AsBytes(ways));
        ref var newest = ref CollectionsMarshal.GetValueRefOrAddDefault(_byHash, hash.ToHashCode(), out var isKnown);
        _sameHash[node] = isKnown ? newest : -1;
        for (var other = _sameHash[node]; other >= 0; other = _sameHash[other])
        {
            if (Ways(other).SequenceEqual(ways))
            {
                _stand[node] = other;
                _ways.RemoveRange(start, _ways.Count - start);
                return;
            }
        }

        newest = node;
        (_waysAt[node], _waysEnd[node]) = (start, _ways.Count);
    }

    /// <summary>The ways on of a node, each once and in one order.</summary>
    private void Gather(int node)
    {
        _edges.Clear();
        _jumps.Clear();
        _calls.Clear();
        var heads = _network[node];
        for (var at = heads.Edge; at >= 0; at = _network.EdgeAt(at).Next)
        {
            _meter.Work();
            var edge = _network.EdgeAt(at);
            _edges.Add((edge.Low, edge.High, Stand(edge.To)));
        }

        for (var at = heads.Jump; at >= 0; at = _network.JumpAt(at).Next)
        {
            _meter.Work();
            AddJump(node, Stand(_network.JumpAt(at).To));
        }

        for (var at = heads.Call; at >= 0; at = _network.CallAt(at).Next)
        {
            _meter.Work();
            var call = _network.CallAt(at);
            var (rule, @return) = (Stand(_network.Rules[call.Rule]), Stand(call.Return));
            if (OnlyEnds(@return))
            {
                AddJump(node, rule);
            }
            else
            {
                _calls.Add((rule, @return));
            }
        }

        _jumps.Sort();
        Distinct(_jumps);
        _calls.Sort();
        Distinct(_calls);
        MergeEdges();
    }

    private void AddJump(int node, int to)
    {
        if (to != node)
        {
            _jumps.Add(to);
        }
    }

    /// <summary>Edges to one node whose ranges touch or overlap become one.</summary>
    private void MergeEdges()
    {
        _edges.Sort(static (a, b) => a.To != b.To ? a.To.CompareTo(b.To) : a.Low.CompareTo(b.Low));
        var kept = 0;
        for (var i = 0; i < _edges.Count; i++)
        {
            var edge = _edges[i];
            if (kept > 0 && _edges[kept - 1] is var last && last.To == edge.To && edge.Low <= last.High + 1)
            {
                _edges[kept - 1] = last with { High = Math.Max(last.High, edge.High) };
            }
            else
            {
                _edges[kept++] = edge;
            }
        }

        _edges.RemoveRange(kept, _edges.Count - kept);
    }

    private static void Distinct<T>(List<T> sorted) where T : IEquatable<T>
    {
        var kept = 0;
        for (var i = 0; i < sorted.Count; i++)
        {
            if (kept == 0 || !sorted[kept - 1].Equals(sorted[i]))
            {
                sorted[kept++] = sorted[i];
            }
        }

        sorted.RemoveRange(kept, sorted.Count - kept);
    }

    /// <summary>Whether nothing but the end of the rule is at a node that was looked at.</summary>
    private bool OnlyEnds(int node) => Ways(node) is [1, 0, 0];

    private ReadOnlySpan<int> Ways(int node) => CollectionsMarshal.AsSpan(_ways)[_waysAt[node].._waysEnd[node]];

    private int Stand(int node)
    {
        var end = node;
        while (_stand[end] != end)
        {
            end = _stand[end];
        }

        while (_stand[node] != end)
        {
            (node, _stand[node]) = (_stand[node], end);
        }

        return end;
    }

    /// <summary>Numbers the nodes in the order in which they are reached from the start, and writes their ways.</summary>
    private CompactNetwork Write()
    {
        var numbers = new int[_stand.Length];
        Array.Fill(numbers, -1);
        var order = new List<int>();
        Number(_network.Start);
        var edges = new List<CompactNetwork.Edge>();
        var jumps = new List<int>();
        var calls = new List<CompactNetwork.Call>();
        List<int> firstEdge = [0], firstJump = [0], firstCall = [0];
        var isEnd = new List<bool>();
        for (var i = 0; i < order.Count; i++)
        {
            _meter.Work();
            var node = order[i];
            var (at, end) = (_waysAt[node], _waysEnd[node]);
            isEnd.Add(_ways[at] == 1);
            var (edgeCount, jumpCount) = (_ways[at + 1], _ways[at + 2]);
            at += 3;
            for (; edgeCount > 0; edgeCount--, at += 2)
            {
                edges.Add(new((byte)(_ways[at] >> 8), (byte)_ways[at], Number(_ways[at + 1])));
            }

            for (; jumpCount > 0; jumpCount--, at++)
            {
                jumps.Add(Number(_ways[at]));
            }

            for (; at < end; at += 2)
            {
                calls.Add(new(Number(_ways[at]), Number(_ways[at + 1])));
            }

            firstEdge.Add(edges.Count);
            firstJump.Add(jumps.Count);
            firstCall.Add(calls.Count);
        }

        return new CompactNetwork([.. firstEdge], [.. edges], [.. firstJump], [.. jumps], [.. firstCall], [.. calls], [.. isEnd]);

        int Number(int node)
        {
            node = Stand(node);
            if (numbers[node] < 0)
            {
                numbers[node] = order.Count;
                order.Add(node);
            }

            return numbers[node];
        }
    }
}
