using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crescent.Control.Kv;

/// <summary>
/// The members of sets of slots, each known by a handle of 32 bits and only as large as it must be: one member lies in the handle itself,
/// up to 4 take 8 bytes, up to 16 take 32 bytes, more take a bit for every slot there can be. A change may move the set, so it gives a
/// new handle that replaces the old one.
/// </summary>
internal sealed class SlotSets
{
    /// <summary>Numbers are below this: one more is the mark of a free place in a list.</summary>
    public const int MaxSlots = ushort.MaxValue;

    private const uint Empty = 0;
    private const ushort Free = ushort.MaxValue;
    private const ulong AllFree = ulong.MaxValue;

    // A bitmap is given up only well below the size where a list becomes one, lest a set at the limit move with every change.
    private const int BackToList = 8;

    // Of a handle, bits 29 to 31 say where the members are, the others which row, or for a single member which number.
    private const int KindShift = 29;
    private const uint IndexMask = (1u << KindShift) - 1;
    private const uint One = 1u << KindShift;
    private const uint Four = 2u << KindShift;
    private const uint Sixteen = 3u << KindShift;
    private const uint Bitmap = 4u << KindShift;

    private readonly SlotKeys _keys;
    private readonly Slab _four = new(1);
    private readonly Slab _sixteen = new(4);
    private Slab _bitmaps;

    /// <summary>Sets of numbers below 64 times <paramref name="words"/>.</summary>
    /// <param name="words">Words of a bitmap, a multiple of 4.</param>
    /// <param name="seed">See <see cref="SlotKeys"/>.</param>
    public SlotSets(int words, ulong seed)
    {
        _keys = new SlotKeys(seed);
        _bitmaps = new Slab(words);
    }

    /// <summary>Words of 64 bits in a bitmap.</summary>
    public int Words => _bitmaps.Width;

    /// <summary>Brings the members of <paramref name="set"/> nearer to the processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(in SlotSet set)
    {
        var handle = set.Handle;
        if (handle >= Bitmap)
        {
            CacheLine.Prefetch(ref _bitmaps.First(handle & IndexMask), _bitmaps.Width * sizeof(ulong));
        }
        else if (handle >= Four)
        {
            CacheLine.Prefetch(ref First(handle));
        }
    }

    /// <summary>The only slot in which two sets differ, given the exclusive or of their sums, not 0.</summary>
    /// <returns>-1 when they differ in several.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Slot(ulong difference)
    {
        var slot = _keys.Slot(difference);
        return slot < (uint)(Words * 64) ? (int)slot : -1;
    }

    /// <summary>Adds <paramref name="slot"/> to the set <paramref name="set"/>.</summary>
    /// <returns>False when it was a member.</returns>
    public bool Add(ref SlotSet set, int slot)
    {
        var added = Add(ref set.Handle, slot);
        set.Sum ^= added ? _keys[slot] : 0;
        return added;
    }

    /// <summary>Takes <paramref name="slot"/> from the set <paramref name="set"/>.</summary>
    /// <returns>False when it was no member.</returns>
    public bool Remove(ref SlotSet set, int slot)
    {
        var removed = Remove(ref set.Handle, slot);
        set.Sum ^= removed ? _keys[slot] : 0;
        return removed;
    }

    /// <summary>Takes all of <paramref name="slots"/>, a bit each, from the set <paramref name="set"/>.</summary>
    public void Subtract(ref SlotSet set, ReadOnlySpan<ulong> slots)
    {
        Span<ulong> scratch = stackalloc ulong[Words];
        var members = BitsOf(set, scratch);
        for (var word = 0; word < members.Length; word++)
        {
            for (var gone = members[word] & slots[word]; gone != 0; gone &= gone - 1)
            {
                set.Sum ^= _keys[(word << 6) + BitOperations.TrailingZeroCount(gone)];
            }
        }

        Subtract(ref set.Handle, slots);
    }

    /// <summary>The members of <paramref name="set"/>, a bit each: the set itself, or written into <paramref name="scratch"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<ulong> BitsOf(in SlotSet set, Span<ulong> scratch) => BitsOf(set.Handle, scratch);

    /// <summary>Makes room for numbers below 64 times <paramref name="words"/>.</summary>
    /// <param name="words">More than <see cref="Words"/>, a multiple of 4.</param>
    /// <param name="table">Has all sets there are; their handles change.</param>
    public void Widen(int words, HolderTable table)
    {
        var old = _bitmaps;
        var wide = new Slab(words);
        table.ForEach((ref set) =>
        {
            if (Kind(set.Handle) == Bitmap)
            {
                var row = wide.Rent();
                var bits = wide[row];
                old[set.Handle & IndexMask].CopyTo(bits);
                bits[old.Width..].Clear();
                set.Handle = Bitmap | row;
            }
        });
        _bitmaps = wide;
    }

    private static uint Kind(uint set) => set & ~IndexMask;

    private static int Count(ReadOnlySpan<ushort> list) => list.IndexOf(Free) is >= 0 and var end ? end : list.Length;

    private bool Add(ref uint set, int slot)
    {
        switch (Kind(set))
        {
            case Empty:
                set = One | (uint)slot;
                return true;
            case One:
                if ((set & IndexMask) == slot)
                {
                    return false;
                }

                Move(ref set, Four);
                break;
            case Bitmap:
                ref var word = ref Row(set)[slot >> 6];
                var bit = 1UL << (slot & 63);
                var added = (word & bit) == 0;
                word |= bit;
                return added;
        }

        var list = List(set);
        if (list.Contains((ushort)slot))
        {
            return false;
        }

        var end = list.IndexOf(Free);
        if (end < 0)
        {
            Move(ref set, Kind(set) == Four ? Sixteen : Bitmap);
            return Add(ref set, slot);
        }

        list[end] = (ushort)slot;
        return true;
    }

    private bool Remove(ref uint set, int slot)
    {
        switch (Kind(set))
        {
            case Empty:
                return false;
            case One:
                if ((set & IndexMask) != slot)
                {
                    return false;
                }

                set = Empty;
                return true;
            case Bitmap:
                ref var word = ref Row(set)[slot >> 6];
                var bit = 1UL << (slot & 63);
                if ((word & bit) == 0)
                {
                    return false;
                }

                word &= ~bit;
                Shrink(ref set);
                return true;
        }

        var list = List(set);
        var at = list.IndexOf((ushort)slot);
        if (at < 0)
        {
            return false;
        }

        var last = Count(list) - 1;
        list[at] = list[last];
        list[last] = Free;
        Shrink(ref set);
        return true;
    }

    private void Subtract(ref uint set, ReadOnlySpan<ulong> slots)
    {
        switch (Kind(set))
        {
            case Empty:
                return;
            case One:
                set = Bits.Has(slots, (int)(set & IndexMask)) ? Empty : set;
                return;
            case Bitmap:
                Bits.AndNot(Row(set), slots);
                break;
            default:
                var list = List(set);
                var kept = 0;
                foreach (var slot in list)
                {
                    if (slot != Free && !Bits.Has(slots, slot))
                    {
                        list[kept++] = slot;
                    }
                }

                list[kept..].Fill(Free);
                break;
        }

        Shrink(ref set);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ReadOnlySpan<ulong> BitsOf(uint set, Span<ulong> scratch)
    {
        if (set >= Bitmap)
        {
            return Row(set);
        }

        Spread(set, scratch);
        return scratch;
    }

    private Span<ulong> Row(uint set) => Slab(Kind(set))[set & IndexMask];

    private ref ulong First(uint set) => ref Slab(Kind(set)).First(set & IndexMask);

    private Span<ushort> List(uint set) => MemoryMarshal.Cast<ulong, ushort>(Row(set));

    private Slab Slab(uint kind) => kind switch
    {
        Four => _four,
        Sixteen => _sixteen,
        _ => _bitmaps,
    };

    private void Spread(uint set, Span<ulong> bits)
    {
        bits.Clear();
        if (Kind(set) == One)
        {
            Bits.Set(bits, (int)(set & IndexMask));
        }
        else if (set != Empty)
        {
            foreach (var slot in List(set))
            {
                if (slot == Free)
                {
                    break;
                }

                Bits.Set(bits, slot);
            }
        }
    }

    /// <summary>Moves the set to a smaller place when it has become small enough for it.</summary>
    private void Shrink(ref uint set)
    {
        var kind = Kind(set);
        var count = kind == Bitmap ? Bits.Count(Row(set)) : Count(List(set));
        if (count == 0)
        {
            Slab(kind).Return(set & IndexMask);
            set = Empty;
        }
        else if (count == 1)
        {
            Move(ref set, One);
        }
        else if (kind == Bitmap && count <= BackToList)
        {
            Move(ref set, Sixteen);
        }
        else if (kind == Sixteen && count == 2)
        {
            Move(ref set, Four);
        }
    }

    /// <summary>Moves the members to a place of another kind that has room for them.</summary>
    private void Move(ref uint set, uint kind)
    {
        Span<ulong> members = stackalloc ulong[Words];
        BitsOf(set, members).CopyTo(members);
        if (Kind(set) != One)
        {
            Slab(Kind(set)).Return(set & IndexMask);
        }

        if (kind == One)
        {
            set = One | (uint)Bits.First(members);
            return;
        }

        set = kind | Slab(kind).Rent();
        if (kind == Bitmap)
        {
            members.CopyTo(Row(set));
            return;
        }

        Row(set).Fill(AllFree);
        var list = List(set);
        var count = 0;
        foreach (var slot in new Bits(members))
        {
            list[count++] = (ushort)slot;
        }
    }
}
