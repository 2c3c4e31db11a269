using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Crescent.Control.Kv;

/// <summary>
/// One shard of a <see cref="HolderTable"/>: lines of memory with three entries each, so that a look-up mostly reads one line and compares
/// all of it at once. A full line flows over into the next; removal brings back what flowed over, so there are no marks of the dead. <c>default</c>
/// is an empty shard.
/// </summary>
/// <remarks>
/// An entry is the lower half of the hash, never 0, and the set; the upper half has said which shard. That a block is taken for another has
/// a chance of less than 2^-53.
/// </remarks>
internal struct BlockShard
{
    private const int EntriesInLine = 3;
    private const uint AllInLine = (1 << EntriesInLine) - 1;
    private const int SetsAt = EntriesInLine * sizeof(ulong);

    // A place is a line times 4 plus the number of an entry in it.
    private const int PlaceBits = 2;
    private const int InLine = (1 << PlaceBits) - 1;

    // With more than 3 in 4 places taken the shard grows by a quarter; at least one is always free, where a search ends.
    private const int FillNumerator = 9;
    private const int FillDenominator = 4;

    // Pinned, so that it stays where its first whole line was found.
    private ulong[]? _memory;
    private uint _offset;
    private uint _lines;

    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    /// <summary>All places are below this; every fourth number is none.</summary>
    public readonly int PlaceLimit => (int)_lines << PlaceBits;

    /// <summary>The set at a place.</summary>
    public readonly ref SlotSet this[int place] =>
        ref Unsafe.Add(ref Unsafe.As<byte, SlotSet>(ref Unsafe.AddByteOffset(ref First((uint)place >> PlaceBits), (nint)SetsAt)), place & InLine);

    /// <summary>True when there is an entry at <paramref name="place"/>.</summary>
    public readonly bool IsTaken(int place) => (place & InLine) < EntriesInLine && Key(place) != 0;

    /// <summary>Brings what <see cref="FindNear"/> reads nearer to the processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Prefetch(ulong mixed)
    {
        if (_lines != 0)
        {
            CacheLine.Prefetch(ref First(Home(mixed)));
        }
    }

    /// <summary>Looks for <paramref name="key"/> where it most likely is.</summary>
    /// <returns>False when it may still be elsewhere, which is then on its way to the processor.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool FindNear(ulong key, ulong mixed, out SlotSet set)
    {
        set = default;
        if (_lines == 0)
        {
            return true;
        }

        var line = Home(mixed);
        var keys = Keys(line);
        var hits = Hits(keys, key);
        if (hits != 0)
        {
            set = this[(int)(line << PlaceBits) + BitOperations.TrailingZeroCount(hits)];
            return true;
        }

        if (Hits(keys, 0) != 0)
        {
            return true;
        }

        CacheLine.Prefetch(ref First(Next(line)));
        return false;
    }

    /// <summary>The place of <paramref name="key"/>, -1 when it has none.</summary>
    public readonly int Find(ulong key, ulong mixed)
    {
        if (_lines == 0)
        {
            return -1;
        }

        for (var line = Home(mixed); ; line = Next(line))
        {
            var keys = Keys(line);
            var hits = Hits(keys, key);
            if (hits != 0)
            {
                return (int)(line << PlaceBits) + BitOperations.TrailingZeroCount(hits);
            }

            if (Hits(keys, 0) != 0)
            {
                return -1;
            }
        }
    }

    /// <summary>Adds an entry with an empty set for <paramref name="key"/>, which has none yet.</summary>
    /// <returns>Its place.</returns>
    public int Add(ulong key, ulong mixed, ulong multiplier)
    {
        if (((uint)Count + 1) * FillDenominator > _lines * FillNumerator)
        {
            Grow(multiplier);
        }

        Count++;
        return Put(key, default, mixed);
    }

    /// <summary>Removes the entry at <paramref name="hole"/>; another may have taken its place when this returns.</summary>
    public void Remove(int hole, ulong multiplier)
    {
        Count--;
        while (FindOverflow((uint)hole >> PlaceBits, multiplier) is >= 0 and var moved)
        {
            this[hole] = this[moved];
            Key(hole) = Key(moved);
            hole = moved;
        }

        this[hole] = default;
        Key(hole) = 0;
    }

    private static uint Hits(Vector256<ulong> keys, ulong key) => Vector256.Equals(keys, Vector256.Create(key)).ExtractMostSignificantBits() & AllInLine;

    private readonly uint Home(ulong mixed) => (uint)(((mixed >> 32) * _lines) >> 32);

    private readonly uint Next(uint line) => line + 1 == _lines ? 0 : line + 1;

    /// <summary>Where <paramref name="line"/> begins. Without the question the array's header would be read to see that it is there: one more line to wait for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly ref byte First(uint line)
    {
        if (_memory is not { } memory)
        {
            return ref Unsafe.NullRef<byte>();
        }

        return ref Unsafe.AddByteOffset(ref Unsafe.As<ulong, byte>(ref MemoryMarshal.GetArrayDataReference(memory)), (nint)(_offset + (line * CacheLine.Bytes)));
    }

    private readonly Vector256<ulong> Keys(uint line) => Unsafe.ReadUnaligned<Vector256<ulong>>(ref First(line));

    private readonly ref ulong Key(int place) => ref Unsafe.Add(ref Unsafe.As<byte, ulong>(ref First((uint)place >> PlaceBits)), place & InLine);

    /// <summary>The place of an entry that flowed over from the line <paramref name="full"/>, or through it; -1 for none.</summary>
    private readonly int FindOverflow(uint full, ulong multiplier)
    {
        if (Hits(Keys(full), 0) != 0)
        {
            return -1;
        }

        for (var line = Next(full); line != full; line = Next(line))
        {
            for (var at = 0; at < EntriesInLine; at++)
            {
                var place = (int)(line << PlaceBits) + at;
                var key = Key(place);
                if (key != 0 && Distance(Home(key * multiplier), line) >= Distance(full, line))
                {
                    return place;
                }
            }

            if (Hits(Keys(line), 0) != 0)
            {
                return -1;
            }
        }

        return -1;
    }

    private readonly uint Distance(uint from, uint to) => to >= from ? to - from : to + _lines - from;

    private readonly int Put(ulong key, SlotSet set, ulong mixed)
    {
        for (var line = Home(mixed); ; line = Next(line))
        {
            var free = Hits(Keys(line), 0);
            if (free != 0)
            {
                var place = (int)(line << PlaceBits) + BitOperations.TrailingZeroCount(free);
                this[place] = set;
                Key(place) = key;
                return place;
            }
        }
    }

    private void Grow(ulong multiplier)
    {
        var old = this;
        _lines += Math.Max(1, _lines / 4);
        _memory = GC.AllocateArray<ulong>(((int)_lines + 1) * (CacheLine.Bytes / sizeof(ulong)), pinned: true);
        _offset = (uint)(-CacheLine.Address(ref _memory[0]) & (CacheLine.Bytes - 1));
        for (var place = 0; place < old.PlaceLimit; place++)
        {
            if (old.IsTaken(place))
            {
                Put(old.Key(place), old[place], old.Key(place) * multiplier);
            }
        }
    }
}
