namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// Where one reading of the text so far stands: a node, and below it the nodes to return to when rules end. Equal stacks are
/// equal frames.
/// </summary>
internal sealed class StackFrame : IEquatable<StackFrame>
{
    /// <summary>Below the whole grammar: returning there is the end of the text.</summary>
    public static readonly StackFrame Root = new(-1, null);

    /// <summary>
    /// Below a rule looked at on its own, whoever calls it: returning there says that the rest is up to the caller.
    /// </summary>
    public static readonly StackFrame Caller = new(-2, null);

    private readonly int _hash;

    private StackFrame(int node, StackFrame? below)
    {
        Node = node;
        Below = below;
        Depth = below is null ? -1 : below.Depth + 1;
        _hash = below is null ? node : HashCode.Combine(node, below._hash);
    }

    /// <summary>The node; negative for the two bottoms.</summary>
    public int Node { get; }

    /// <summary>The frame to return to; null for the two bottoms.</summary>
    public StackFrame? Below { get; }

    /// <summary>Returns that are open: 0 in the outermost rule.</summary>
    public int Depth { get; }

    /// <summary>A frame on top of another.</summary>
    public static StackFrame On(StackFrame below, int node) => new(node, below);

    public bool Equals(StackFrame? other)
    {
        var (a, b) = (this, other);
        for (; !ReferenceEquals(a, b); a = a.Below, b = b.Below)
        {
            if (a is null || b is null || a._hash != b._hash || a.Node != b.Node)
            {
                return false;
            }
        }

        return true;
    }

    public override bool Equals(object? obj) => Equals(obj as StackFrame);

    public override int GetHashCode() => _hash;
}
