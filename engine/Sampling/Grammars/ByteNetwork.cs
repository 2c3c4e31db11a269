using System.Runtime.InteropServices;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// A grammar over bytes as networks that call each other: each rule is a network of nodes with edges by bytes, edges by nothing
/// (jumps), and edges that run another rule first (calls). Grown by appending: the verbs take the node to go on from and give
/// the node reached. <see cref="NetworkReducer"/> makes of it what is kept.
/// </summary>
internal sealed class ByteNetwork(CompileMeter meter)
{
    private const int NodeBytes = 16, EdgeBytes = 12, JumpBytes = 8, CallBytes = 12;
    private readonly List<Node> _nodes = [];
    private readonly List<Edge> _edges = [];
    private readonly List<Link> _jumps = [];
    private readonly List<RuleCall> _calls = [];
    private readonly List<int> _rules = [];

    /// <summary>The first node of the whole grammar.</summary>
    public int Start { get; set; }

    /// <summary>Nodes so far.</summary>
    public int Count => _nodes.Count;

    /// <summary>First nodes of the rules.</summary>
    public IReadOnlyList<int> Rules => _rules;

    /// <summary>Watches the compilation.</summary>
    public CompileMeter Meter => meter;

    public Node this[int node] => _nodes[node];

    /// <summary>A new node.</summary>
    /// <exception cref="GrammarException">The grammar has become too large.</exception>
    public int Add()
    {
        meter.AddState(NodeBytes);
        _nodes.Add(new Node(-1, -1, -1, false));
        return _nodes.Count - 1;
    }

    /// <summary>A new rule, whose network begins at the node given back; it is to be ended by <see cref="EndRule"/>.</summary>
    public int BeginRule(out int rule)
    {
        rule = _rules.Count;
        _rules.Add(Add());
        return _rules[rule];
    }

    /// <summary>Makes a node an end of its rule, or of the whole grammar.</summary>
    public void EndRule(int node) => At(node) = _nodes[node] with { IsEnd = true };

    public void Jump(int from, int to)
    {
        meter.AddBytes(JumpBytes);
        _jumps.Add(new Link(to, _nodes[from].Jump));
        At(from) = _nodes[from] with { Jump = _jumps.Count - 1 };
    }

    /// <summary>An edge for the bytes <paramref name="low"/> to <paramref name="high"/>.</summary>
    public void Bytes(int from, byte low, byte high, int to)
    {
        meter.AddBytes(EdgeBytes);
        _edges.Add(new Edge(low, high, to, _nodes[from].Edge));
        At(from) = _nodes[from] with { Edge = _edges.Count - 1 };
    }

    public int Call(int from, int rule)
    {
        var to = Add();
        meter.AddBytes(CallBytes);
        _calls.Add(new RuleCall(rule, to, _nodes[from].Call));
        At(from) = _nodes[from] with { Call = _calls.Count - 1 };
        return to;
    }

    /// <summary>How far it has grown.</summary>
    public NetworkMark Mark() => new(_nodes.Count, _edges.Count, _jumps.Count, _calls.Count, _rules.Count, meter.Taken);

    /// <summary>Takes back what was appended since a mark, all of it from <paramref name="start"/>, which had no way on then.</summary>
    public void Rollback(NetworkMark mark, int start)
    {
        _nodes.RemoveRange(mark.Nodes, _nodes.Count - mark.Nodes);
        _edges.RemoveRange(mark.Edges, _edges.Count - mark.Edges);
        _jumps.RemoveRange(mark.Jumps, _jumps.Count - mark.Jumps);
        _calls.RemoveRange(mark.Calls, _calls.Count - mark.Calls);
        _rules.RemoveRange(mark.Rules, _rules.Count - mark.Rules);
        At(start) = new Node(-1, -1, -1, false);
        meter.Taken = mark.Meter;
    }

    /// <summary>An edge by its place in the list, as <see cref="Node.Edge"/> and <see cref="Edge.Next"/> give it.</summary>
    public Edge EdgeAt(int at) => _edges[at];

    /// <inheritdoc cref="EdgeAt"/>
    public Link JumpAt(int at) => _jumps[at];

    /// <inheritdoc cref="EdgeAt"/>
    public RuleCall CallAt(int at) => _calls[at];

    public int Literal(int from, ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            var to = Add();
            Bytes(from, value, value, to);
            from = to;
        }

        return from;
    }

    /// <summary>One of several texts; common beginnings are shared.</summary>
    public int Texts(int from, IEnumerable<byte[]> texts)
    {
        var to = Add();
        var children = new Dictionary<(int Node, byte Value), int>();
        foreach (var text in texts)
        {
            var at = from;
            foreach (var value in text)
            {
                if (!children.TryGetValue((at, value), out var next))
                {
                    next = Add();
                    Bytes(at, value, value, next);
                    children.Add((at, value), next);
                }

                at = next;
            }

            Jump(at, to);
        }

        return to;
    }

    /// <summary>One of several ways on, all of which meet again.</summary>
    public int AnyOf(int from, IEnumerable<Func<int, int>> ways)
    {
        var to = Add();
        foreach (var way in ways)
        {
            Jump(way(from), to);
        }

        return to;
    }

    /// <summary>A part <paramref name="least"/> to <paramref name="most"/> times, or without limit.</summary>
    public int Repeat(int from, int least, int? most, Func<int, int> part)
    {
        for (var i = 0; i < least; i++)
        {
            var next = part(from);
            if (next == from)
            {
                // The part is empty, and so is any number of it.
                return from;
            }

            from = next;
        }

        return most is { } limit ? Options(from, limit - least, part) : Loop(from, part);
    }

    /// <summary>One code point of a set, in UTF-8.</summary>
    public int CodePoint(int from, IEnumerable<CodePointRange> set)
    {
        var to = Add();
        foreach (var range in set)
        {
            Utf8Ranges.Append(this, from, range.First, range.Last, to);
        }

        return to;
    }

    private int Options(int from, int count, Func<int, int> part)
    {
        var to = Add();
        Jump(from, to);
        for (var i = 0; i < count; i++)
        {
            var next = part(from);
            if (next == from)
            {
                break;
            }

            Jump(next, to);
            from = next;
        }

        return to;
    }

    /// <summary>The loop has a node of its own, so that other edges of the node it starts from are not in it.</summary>
    private int Loop(int from, Func<int, int> part)
    {
        var loop = Add();
        Jump(from, loop);
        Jump(part(loop), loop);
        var to = Add();
        Jump(loop, to);
        return to;
    }

    private ref Node At(int node) => ref CollectionsMarshal.AsSpan(_nodes)[node];

    /// <summary>Heads of a node's lists; -1 where there is none.</summary>
    internal readonly record struct Node(int Edge, int Jump, int Call, bool IsEnd);

    internal readonly record struct Edge(byte Low, byte High, int To, int Next);

    internal readonly record struct Link(int To, int Next);

    internal readonly record struct RuleCall(int Rule, int Return, int Next);
}
