namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// What is kept of a <see cref="ByteNetwork"/>: its nodes in arrays, each node's edges, jumps and calls side by side. A call names the
/// first node of what it runs and the node to go on from. Immutable.
/// </summary>
internal sealed class CompactNetwork
{
    private readonly int[] _firstEdge;
    private readonly int[] _firstJump;
    private readonly int[] _firstCall;
    private readonly Edge[] _edges;
    private readonly int[] _jumps;
    private readonly Call[] _calls;
    private readonly bool[] _isEnd;

    /// <param name="firstEdge">(nodes + 1): where the edges of each node begin, and their number.</param>
    /// <param name="edges">Of all nodes.</param>
    /// <param name="firstJump">(nodes + 1).</param>
    /// <param name="jumps">Of all nodes.</param>
    /// <param name="firstCall">(nodes + 1).</param>
    /// <param name="calls">Of all nodes.</param>
    /// <param name="isEnd">(nodes): whether a rule may end there.</param>
    public CompactNetwork(int[] firstEdge, Edge[] edges, int[] firstJump, int[] jumps, int[] firstCall, Call[] calls, bool[] isEnd)
    {
        (_firstEdge, _edges, _firstJump, _jumps, _firstCall, _calls, _isEnd) = (firstEdge, edges, firstJump, jumps, firstCall, calls, isEnd);
        Classes = new ByteClasses(edges);
    }

    /// <summary>The first node of the whole grammar.</summary>
    public const int Start = 0;

    /// <summary>Nodes.</summary>
    public int Count => _isEnd.Length;

    /// <summary>Bytes that no edge tells apart.</summary>
    public ByteClasses Classes { get; }

    /// <summary>Bytes of memory.</summary>
    public long Bytes => (Count * (3L * sizeof(int) + sizeof(bool))) + (_edges.Length * 8L) + (_jumps.Length * 4L) + (_calls.Length * 8L) + 512;

    public ReadOnlySpan<Edge> Edges(int node) => _edges.AsSpan(_firstEdge[node].._firstEdge[node + 1]);

    public ReadOnlySpan<int> Jumps(int node) => _jumps.AsSpan(_firstJump[node].._firstJump[node + 1]);

    public ReadOnlySpan<Call> Calls(int node) => _calls.AsSpan(_firstCall[node].._firstCall[node + 1]);

    /// <summary>Whether a rule, or the whole text, may end at a node.</summary>
    public bool IsEnd(int node) => _isEnd[node];

    /// <summary>An edge for the bytes of a range.</summary>
    internal readonly record struct Edge(byte Low, byte High, int To);

    /// <summary>Runs what begins at <paramref name="Rule"/>, then goes on from <paramref name="Return"/>.</summary>
    internal readonly record struct Call(int Rule, int Return);
}
