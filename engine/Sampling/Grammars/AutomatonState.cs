namespace Crescent.Engine.Sampling.Grammars;

/// <summary>
/// A state of the automaton: all places where readings of the text so far may stand. Made when first reached, with its
/// transitions and its masks filled in as they are asked for; a <see cref="StateStore"/> keeps it as long as there is room.
/// </summary>
internal sealed class AutomatonState : IEquatable<AutomatonState>
{
    /// <summary>No reading is left.</summary>
    public static readonly AutomatonState Dead = new([], acceptsEnd: false, reachesCaller: false, reach: 0);

    /// <summary>More readings are left than can be followed, so none is.</summary>
    public static readonly AutomatonState TooAmbiguous = new([], acceptsEnd: false, reachesCaller: false, reach: 0);

    /// <summary>Bytes of an empty state and its entry in the store.</summary>
    private const int OwnBytes = 160;

    private readonly PlaceGroup[] _groups;
    private readonly int _hash;

    /// <param name="groups">The places, by where they return to; each group once.</param>
    /// <param name="acceptsEnd">Whether the text may end here.</param>
    /// <param name="reachesCaller">Whether the rule, looked at on its own, may end here.</param>
    /// <param name="reach">Deepest stack that was looked at on the way here, with what it still needed.</param>
    public AutomatonState(PlaceGroup[] groups, bool acceptsEnd, bool reachesCaller, int reach)
    {
        // In one order, so that equal states are equal item by item.
        Array.Sort(groups, static (a, b) => a.Hash.CompareTo(b.Hash));
        _groups = groups;
        AcceptsEnd = acceptsEnd;
        ReachesCaller = reachesCaller;
        Reach = reach;

        var hash = new HashCode();
        hash.Add(acceptsEnd);
        hash.Add(reachesCaller);
        BaseBytes = OwnBytes;
        foreach (var group in groups)
        {
            hash.Add(group.Hash);
            BaseBytes += group.Bytes;
        }

        Bytes = BaseBytes;
        _hash = hash.ToHashCode();
    }

    public ReadOnlySpan<PlaceGroup> Groups => _groups;

    public bool AcceptsEnd { get; }

    public bool ReachesCaller { get; }

    public int Reach { get; }

    /// <summary>True when no text at all is allowed here.</summary>
    public bool IsDead => _groups.Length == 0 && !AcceptsEnd && !ReachesCaller;

    /// <summary>States by the class of the next byte, as far as they have been asked for; null before the first.</summary>
    public AutomatonState?[]? Next { get; set; }

    /// <summary>The fewest bytes to an end of the text, once asked for; below 0 before.</summary>
    public int Distance { get; set; } = -1;

    /// <summary>The tokens allowed here, once asked for.</summary>
    public TokenMask? Mask { get; set; }

    /// <summary>Of a rule on its own: what it allows by itself, once asked for.</summary>
    public RuleMask? RuleMask { get; set; }

    /// <summary>Bytes without transitions and masks.</summary>
    public int BaseBytes { get; }

    // Of the store: whether it keeps this state, with how many bytes, and when it was last of use.
    public bool IsKept { get; set; }

    public int Bytes { get; set; }

    public int LastUse { get; set; }

    public bool Equals(AutomatonState? other) =>
        ReferenceEquals(this, other)
        || (other is not null && _hash == other._hash && AcceptsEnd == other.AcceptsEnd && ReachesCaller == other.ReachesCaller
            && Groups.SequenceEqual(other.Groups));

    public override bool Equals(object? obj) => Equals(obj as AutomatonState);

    public override int GetHashCode() => _hash;
}
