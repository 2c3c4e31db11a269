using System.Runtime.CompilerServices;

namespace Crescent.Control.Kv;

/// <summary>
/// A number of 64 bits for every slot, as good as random, from which the slot can be told again. The exclusive or of the keys of a set's
/// members stands for the set (Zobrist hashing), so that two sets are compared, and the one slot they may differ in is named, without
/// a look at the members. Different sets have the same sum with a chance of 2^-64 a comparison, less than that of two blocks with one hash.
/// </summary>
/// <param name="seed">Whoever does not know it cannot choose devices whose keys cancel out.</param>
internal readonly struct SlotKeys(ulong seed)
{
    // The rounds of MurmurHash3's finaliser, each of which can be undone: a shift by more than half the bits is its own inverse.
    private const int Shift = 33;
    private const ulong First = 0xFF51AFD7ED558CCD;
    private const ulong Second = 0xC4CEB9FE1A85EC53;

    private static readonly ulong UndoFirst = Inverse(First);
    private static readonly ulong UndoSecond = Inverse(Second);

    // Neither zero nor so large that a slot on top of it could come round to zero, whose key would change no sum.
    private readonly ulong _offset = (Mix(seed) >> 1) | 1;

    /// <summary>The key of <paramref name="slot"/>; never 0.</summary>
    public ulong this[int slot] => Mix(_offset + (uint)slot);

    /// <summary>The only slot in which two sets differ.</summary>
    /// <param name="difference">The exclusive or of their sums.</param>
    /// <returns>At or above the number of slots there are when they differ in none or in several.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Slot(ulong difference)
    {
        difference ^= difference >> Shift;
        difference *= UndoSecond;
        difference ^= difference >> Shift;
        difference *= UndoFirst;
        return (difference ^ (difference >> Shift)) - _offset;
    }

    private static ulong Mix(ulong value)
    {
        value ^= value >> Shift;
        value *= First;
        value ^= value >> Shift;
        value *= Second;
        return value ^ (value >> Shift);
    }

    /// <summary>What undoes a multiplication by the odd <paramref name="factor"/>: each of Newton's steps doubles the bits that are right, at first 3.</summary>
    private static ulong Inverse(ulong factor)
    {
        var inverse = factor;
        for (var bits = 3; bits < 64; bits *= 2)
        {
            inverse *= 2 - (factor * inverse);
        }

        return inverse;
    }
}
