using System.Runtime.InteropServices;

namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Finds all places that are reached from some without a byte. Reused from one search to the next. Not safe for use by several threads.
/// </summary>
/// <param name="network">The grammar.</param>
/// <param name="needs">By node, see <see cref="NetworkAnalysis.Needs"/>.</param>
/// <param name="deepest">Frames a stack may hold, with what they need.</param>
internal sealed class Closure(CompactNetwork network, int[] needs, int deepest)
{
    /// <summary>Places of one state at most; a text with more readings is too ambiguous to go on with.</summary>
    public const int MaxPlaces = 8192;

    /// <summary>
    /// Nodes that may be looked at on the way to one state, the same node under each stack counted anew: with <see cref="MaxEdges"/> it
    /// keeps the next step of any state below a millisecond or so.
    /// </summary>
    public const int MaxSeen = 1 << 15;

    /// <summary>Edges of all places of one state.</summary>
    public const int MaxEdges = 1 << 17;

    // A search that saw more leaves tables that cost more to clear than to make anew.
    private const int MaxKept = 4096;

    private readonly List<StackFrame> _belows = [];
    private readonly List<List<int>> _places = [];
    private readonly Dictionary<StackFrame, int> _groups = [];
    private readonly HashSet<(int Group, int Node)> _seen = [];
    private readonly List<(int Group, int Node)> _open = [];
    private int _placeCount;
    private int _edgeCount;
    private int _reach;
    private bool _acceptsEnd;
    private bool _reachesCaller;

    /// <summary>Nodes looked at since it was made.</summary>
    public long Work { get; private set; }

    /// <summary>Whether it is worth keeping for the next search.</summary>
    public bool IsSmall => _seen.Capacity <= 2 * MaxKept;

    /// <summary>A place from which to look.</summary>
    public void Add(StackFrame below, int node)
    {
        if (Fits(below.Depth + 1, node))
        {
            Open(Group(below), node);
        }
    }

    /// <summary>The state of all places reached from those added, which are forgotten; null when they are too many.</summary>
    public AutomatonState? Find()
    {
        while (_open.Count > 0 && !IsTooLarge)
        {
            var (group, node) = _open[^1];
            _open.RemoveAt(_open.Count - 1);
            Expand(group, node);
        }

        var state = IsTooLarge ? null : State();
        Work += _seen.Count;
        Forget();
        return state;
    }

    private bool IsTooLarge => _seen.Count > MaxSeen || _placeCount > MaxPlaces || _edgeCount > MaxEdges;

    private void Expand(int group, int node)
    {
        var below = _belows[group];
        var edges = network.Edges(node).Length;
        if (edges > 0)
        {
            _places[group].Add(node);
            _placeCount++;
            _edgeCount += edges;
        }

        if (network.IsEnd(node))
        {
            if (ReferenceEquals(below, StackFrame.Root))
            {
                _acceptsEnd = true;
            }
            else if (ReferenceEquals(below, StackFrame.Caller))
            {
                _reachesCaller = true;
            }
            else
            {
                Add(below.Below!, below.Node);
            }
        }

        foreach (var to in network.Jumps(node))
        {
            if (Fits(below.Depth + 1, to))
            {
                Open(group, to);
            }
        }

        foreach (var call in network.Calls(node))
        {
            if (Fits(below.Depth + 1, call.Return) && Fits(below.Depth + 2, call.Rule))
            {
                Add(StackFrame.On(below, call.Return), call.Rule);
            }
        }
    }

    /// <summary>Whether a text can still end within the depth allowed.</summary>
    private bool Fits(int depth, int node)
    {
        var deep = depth + needs[node];
        if (deep > deepest)
        {
            return false;
        }

        _reach = Math.Max(_reach, deep);
        return true;
    }

    private void Open(int group, int node)
    {
        if (_seen.Add((group, node)))
        {
            _open.Add((group, node));
        }
    }

    private int Group(StackFrame below)
    {
        ref var group = ref CollectionsMarshal.GetValueRefOrAddDefault(_groups, below, out var isKnown);
        if (!isKnown)
        {
            group = _belows.Count;
            _belows.Add(below);
            if (_places.Count < _belows.Count)
            {
                _places.Add([]);
            }
        }

        return group;
    }

    private AutomatonState State()
    {
        var groups = new PlaceGroup[_belows.Count];
        var count = 0;
        for (var i = 0; i < _belows.Count; i++)
        {
            if (_places[i].Count > 0)
            {
                _places[i].Sort();
                groups[count++] = new PlaceGroup(_belows[i], [.. _places[i]]);
            }
        }

        return new AutomatonState(count == groups.Length ? groups : groups[..count], _acceptsEnd, _reachesCaller, _reach);
    }

    private void Forget()
    {
        for (var i = 0; i < _belows.Count; i++)
        {
            _places[i].Clear();
        }

        _belows.Clear();
        _groups.Clear();
        _seen.Clear();
        _open.Clear();
        (_placeCount, _edgeCount, _reach, _acceptsEnd, _reachesCaller) = (0, 0, 0, false, false);
    }
}
