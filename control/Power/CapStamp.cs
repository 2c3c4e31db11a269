namespace Crescent.Control.Power;

/// <summary>
/// Orders caps in time. A device takes an order only when its stamp is above that of the last one it took, so that late and doubled orders do
/// nothing, and those of a governor that was replaced neither.
/// </summary>
/// <param name="Term">Of the governor; one that starts takes a higher one than any it has seen.</param>
/// <param name="Number">Counts the orders of a term.</param>
public readonly record struct CapStamp(long Term, long Number) : IComparable<CapStamp>
{
    public static bool operator <(CapStamp left, CapStamp right) => left.CompareTo(right) < 0;

    public static bool operator >(CapStamp left, CapStamp right) => left.CompareTo(right) > 0;

    public static bool operator <=(CapStamp left, CapStamp right) => left.CompareTo(right) <= 0;

    public static bool operator >=(CapStamp left, CapStamp right) => left.CompareTo(right) >= 0;

    /// <inheritdoc/>
    public int CompareTo(CapStamp other) => Term != other.Term ? Term.CompareTo(other.Term) : Number.CompareTo(other.Number);
}
