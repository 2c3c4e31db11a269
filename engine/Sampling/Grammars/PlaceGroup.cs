namespace Crescent.Engine.Sampling.Grammars;

/// <summary>Nodes of one rule at which readings of the text stand that all return to the same place. Equal groups are equal in content.</summary>
internal sealed class PlaceGroup : IEquatable<PlaceGroup>
{
    private readonly int[] _nodes;

    /// <param name="below">Where they return to.</param>
    /// <param name="nodes">Nodes that have edges by bytes, each once, ascending.</param>
    public PlaceGroup(StackFrame below, int[] nodes)
    {
        Below = below;
        _nodes = nodes;
        var hash = new HashCode();
        hash.Add(below);
        foreach (var node in nodes)
        {
            hash.Add(node);
        }

        Hash = hash.ToHashCode();
    }

    /// <summary>Where the rule returns to.</summary>
    public StackFrame Below { get; }

    /// <summary>The nodes.</summary>
    public ReadOnlySpan<int> Nodes => _nodes;

    /// <summary>Frames below the nodes' own: 0 in the outermost rule.</summary>
    public int Depth => Below.Depth + 1;

    public int Hash { get; }

    /// <summary>Bytes of memory; the frames further down belong to several states.</summary>
    public int Bytes => 112 + (_nodes.Length * sizeof(int));

    /// <summary>The same nodes, whoever called.</summary>
    public PlaceGroup OnItsOwn() => new(StackFrame.Caller, _nodes);

    public bool Equals(PlaceGroup? other) =>
        ReferenceEquals(this, other) || (other is not null && Hash == other.Hash && Below.Equals(other.Below) && Nodes.SequenceEqual(other.Nodes));

    public override bool Equals(object? obj) => Equals(obj as PlaceGroup);

    public override int GetHashCode() => Hash;
}
