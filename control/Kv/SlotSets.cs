using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Crescent.Control.Kv;

/// <summary>
/// Sets of small numbers, each known by a handle of 32 bits and only as large as it must be: one member lies in the handle itself, up to
/// 4 take 8 bytes, up to 16 take 32 bytes, more take a bit for every number there can be. A change may move the set, so it gives a
/// new handle that replaces the old one.
/// </summary>
internal sealed class SlotSets
{
    /// <summary>The empty set.</summary>
    public const uint Empty = 0;

    /// <summary>Numbers are below this: one more is the mark of a free place in a list.</summary>
    public const int MaxSlots = ushort.MaxValue;

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

    private readonly Slab _four = new(1);
    private readonly Slab _sixteen = new(4);
    private Slab _bitmaps;

    /// <summary>Sets of numbers below 64 times <paramref name="words"/>.</summary>
    /// <param name="words">Words of a bitmap, a multiple of 4.</param>
    public SlotSets(int words) => _bitmaps = new Slab(words);

    /// <summary>Words of 64 bits in a bitmap.</summary>
    public int Words => _bitmaps.Width;

    /// <summary>Brings the members of <paramref name="set"/> nearer to the processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint set)
    {
        if (set >= Bitmap)
        {
            CacheLine.Prefetch(ref _bitmaps.First(set & IndexMask), _bitmaps.Width * sizeof(ulong));
        }
        else if (set >= Four)
        {
            CacheLine.Prefetch(ref First(set));
        }
    }

    /// <summary>Adds <paramref name="slot"/> to the set <paramref name="set"/>.</summary>
    /// <returns>False when it was a member.</returns>
    public bool Add(ref uint set, int slot)
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

    /// <summary>Takes <paramref name="slot"/> from the set <paramref name="set"/>.</summary>
    /// <returns>False when it was no member.</returns>
    public bool Remove(ref uint set, int slot)
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

    /// <summary>Takes all of <paramref name="slots"/>, a bit each, from the set <paramref name="set"/>.</summary>
    public void Subtract(ref uint set, ReadOnlySpan<ulong> slots)
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

    /// <summary>The members of <paramref name="set"/>, a bit each: the set itself, or written into <paramref name="scratch"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadOnlySpan<ulong> BitsOf(uint set, Span<ulong> scratch)
    {
        if (set >= Bitmap)
        {
            return Row(set);
        }

        Spread(set, scratch);
        return scratch;
    }

    /// <summary>Makes room for numbers below 64 times <paramref name="words"/>.</summary>
    /// <param name="words">More than <see cref="Words"/>, a multiple of 4.</param>
    /// <param name="table">Has all sets there are; their handles change.</param>
    public void Widen(int words, BlockTable table)
    {
        var old = _bitmaps;
        var wide = new Slab(words);
        table.ForEach((ref set) =>
        {
            if (Kind(set) == Bitmap)
            {
                var row = wide.Rent();
                var bits = wide[row];
                old[set & IndexMask].CopyTo(bits);
                bits[old.Width..].Clear();
                set = Bitmap | row;
            }
        });
        _bitmaps = wide;
    }

    private static uint Kind(uint set) => set & ~IndexMask;

    private static int Count(ReadOnlySpan<ushort> list) => list.IndexOf(Free) is >= 0 and var end ? end : list.Length;

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
