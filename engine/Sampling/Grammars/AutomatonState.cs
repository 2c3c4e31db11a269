namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// A state of the automaton: all places where readings of the text so far may stand. Made when first reached, with its
/// transitions and its mask filled in as they are asked for.
/// </summary>
internal sealed class AutomatonState : IEquatable<AutomatonState>
{
    /// <summary>No reading is left.</summary>
    public static readonly AutomatonState Dead = new([], acceptsEnd: false, reachesCaller: false, reach: 0);

    private readonly int _hash;
    private TokenMask? _mask;

    /// <param name="places">Frames whose nodes have edges by bytes, each once.</param>
    /// <param name="acceptsEnd">Whether the text may end here.</param>
    /// <param name="reachesCaller">Whether the rule, looked at on its own, may end here.</param>
    /// <param name="reach">Deepest stack that was looked at on the way here, with what it still needed.</param>
    public AutomatonState(StackFrame[] places, bool acceptsEnd, bool reachesCaller, int reach)
    {
        // In one order, so that equal states are equal item by item.
        Array.Sort(places, static (a, b) => a.Node != b.Node ? a.Node.CompareTo(b.Node) : a.GetHashCode().CompareTo(b.GetHashCode()));
        Places = places;
        AcceptsEnd = acceptsEnd;
        ReachesCaller = reachesCaller;
        Reach = reach;

        var hash = new HashCode();
        hash.Add(acceptsEnd);
        hash.Add(reachesCaller);
        foreach (var place in places)
        {
            hash.Add(place);
        }

        _hash = hash.ToHashCode();
    }

    public StackFrame[] Places { get; }

    public bool AcceptsEnd { get; }

    public bool ReachesCaller { get; }

    public int Reach { get; }

    /// <summary>True when no text at all is allowed here.</summary>
    public bool IsDead => Places.Length == 0 && !AcceptsEnd && !ReachesCaller;

    /// <summary>States by the next byte, as far as they have been asked for; null before the first.</summary>
    public AutomatonState?[]? Next { get; set; }

    /// <summary>The fewest bytes to an end of the text, once asked for; below 0 before.</summary>
    public int Distance { get; set; } = -1;

    /// <summary>The tokens allowed here, once asked for.</summary>
    public ref TokenMask? Mask => ref _mask;

    public bool Equals(AutomatonState? other) =>
        ReferenceEquals(this, other)
        || (other is not null && _hash == other._hash && AcceptsEnd == other.AcceptsEnd && ReachesCaller == other.ReachesCaller
            && Places.AsSpan().SequenceEqual(other.Places));

    public override bool Equals(object? obj) => Equals(obj as AutomatonState);

    public override int GetHashCode() => _hash;
}
