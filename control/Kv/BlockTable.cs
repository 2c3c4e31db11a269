using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Crescent.Engine.Kv;

namespace Crescent.Control.Kv;

/// <summary>
/// From the hash of a block to the set of those that hold it: open addressing with linear probing, 20 bytes an entry, cut into shards
/// that grow on their own, so that no single insertion has to move a million entries. Removal moves the entries behind it up, so there
/// are no marks of the dead.
/// </summary>
/// <param name="multiplier">Odd. Spreads the hashes; whoever does not know it cannot write prompts that all meet in one place.</param>
internal sealed class BlockTable(ulong multiplier)
{
    private const int ShardBits = 10;

    /// <summary>Shards.</summary>
    public const int Shards = 1 << ShardBits;

    private const int LeastCapacity = 4;

    private readonly Entry[]?[] _entries = new Entry[]?[Shards];
    private readonly int[] _counts = new int[Shards];

    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    /// <summary>Brings the place where <paramref name="hash"/> is searched nearer to the processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(BlockHash hash)
    {
        var mixed = (ulong)hash.Value * multiplier;
        if (_entries[mixed >> (64 - ShardBits)] is { } shard)
        {
            CacheLine.Prefetch(ref shard[Home(mixed, shard.Length)]);
        }
    }

    /// <summary>The set of <paramref name="hash"/>, <see cref="SlotSets.Empty"/> when there is no entry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Find(BlockHash hash)
    {
        ref var entry = ref FindEntry(hash);
        return Unsafe.IsNullRef(ref entry) ? SlotSets.Empty : entry.Set;
    }

    /// <summary>The set of <paramref name="hash"/> to change, or a null reference when there is no entry; good until the next addition or removal.</summary>
    public ref uint FindSet(BlockHash hash)
    {
        ref var entry = ref FindEntry(hash);
        return ref Unsafe.IsNullRef(ref entry) ? ref Unsafe.NullRef<uint>() : ref entry.Set;
    }

    /// <summary>The set of <paramref name="hash"/>; the caller must see to it that a new one does not stay empty.</summary>
    public ref uint GetOrAdd(BlockHash hash)
    {
        var low = (ulong)hash.Value;
        var high = (ulong)(hash.Value >> 64);
        var mixed = low * multiplier;
        var number = (int)(mixed >> (64 - ShardBits));
        var shard = _entries[number] ??= new Entry[LeastCapacity];
        var at = Home(mixed, shard.Length);
        for (; shard[at].Set != SlotSets.Empty; at = (at + 1) & (shard.Length - 1))
        {
            if (shard[at].Low == low && shard[at].High == high)
            {
                return ref shard[at].Set;
            }
        }

        if (_counts[number] >= shard.Length / 4 * 3)
        {
            shard = Grow(number);
            at = Home(mixed, shard.Length);
            while (shard[at].Set != SlotSets.Empty)
            {
                at = (at + 1) & (shard.Length - 1);
            }
        }

        _counts[number]++;
        Count++;
        shard[at] = new Entry { Low = low, High = high };
        return ref shard[at].Set;
    }

    /// <summary>Removes the entry of <paramref name="hash"/>, which must be there and whose set has become empty.</summary>
    public void RemoveEmpty(BlockHash hash)
    {
        var low = (ulong)hash.Value;
        var high = (ulong)(hash.Value >> 64);
        var mixed = low * multiplier;
        var number = (int)(mixed >> (64 - ShardBits));
        var shard = _entries[number]!;
        var at = Home(mixed, shard.Length);
        while (shard[at].Low != low || shard[at].High != high)
        {
            at = (at + 1) & (shard.Length - 1);
        }

        RemoveAt(number, at);
    }

    /// <summary>Takes <paramref name="slots"/> from all sets of one shard.</summary>
    /// <returns>Places it went through.</returns>
    public int Sweep(int number, SlotSets sets, ReadOnlySpan<ulong> slots)
    {
        if (_entries[number] is not { } shard)
        {
            return 1;
        }

        for (var at = 0; at < shard.Length;)
        {
            ref var set = ref shard[at].Set;
            if (set != SlotSets.Empty)
            {
                sets.Subtract(ref set, slots);
                if (set == SlotSets.Empty)
                {
                    // An entry behind has moved up into this place, so it is looked at again.
                    RemoveAt(number, at);
                    continue;
                }
            }

            at++;
        }

        return shard.Length;
    }

    /// <summary>Gives every set to <paramref name="change"/>.</summary>
    public void ForEach(SetChange change)
    {
        foreach (var shard in _entries)
        {
            foreach (ref var entry in shard.AsSpan())
            {
                if (entry.Set != SlotSets.Empty)
                {
                    change(ref entry.Set);
                }
            }
        }
    }

    /// <summary>Changes the handle of a set.</summary>
    public delegate void SetChange(ref uint set);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Home(ulong mixed, int capacity) => (int)(mixed >> (64 - ShardBits - 20)) & (capacity - 1);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Entry FindEntry(BlockHash hash)
    {
        var low = (ulong)hash.Value;
        var high = (ulong)(hash.Value >> 64);
        var mixed = low * multiplier;
        if (_entries[mixed >> (64 - ShardBits)] is { } shard)
        {
            ref var first = ref MemoryMarshal.GetArrayDataReference(shard);
            for (var at = Home(mixed, shard.Length); ; at = (at + 1) & (shard.Length - 1))
            {
                ref var entry = ref Unsafe.Add(ref first, at);
                if (entry.Set == SlotSets.Empty)
                {
                    break;
                }

                if (entry.Low == low && entry.High == high)
                {
                    return ref entry;
                }
            }
        }

        return ref Unsafe.NullRef<Entry>();
    }

    private Entry[] Grow(int number)
    {
        var old = _entries[number]!;
        var shard = new Entry[old.Length * 2];
        foreach (ref readonly var entry in old.AsSpan())
        {
            if (entry.Set != SlotSets.Empty)
            {
                var at = Home(entry.Low * multiplier, shard.Length);
                while (shard[at].Set != SlotSets.Empty)
                {
                    at = (at + 1) & (shard.Length - 1);
                }

                shard[at] = entry;
            }
        }

        return _entries[number] = shard;
    }

    private void RemoveAt(int number, int hole)
    {
        var shard = _entries[number]!;
        var mask = shard.Length - 1;
        for (var at = (hole + 1) & mask; shard[at].Set != SlotSets.Empty; at = (at + 1) & mask)
        {
            // An entry may move up only if its home is not between the hole and itself.
            var home = Home(shard[at].Low * multiplier, shard.Length);
            if (((at - home) & mask) >= ((at - hole) & mask))
            {
                shard[hole] = shard[at];
                hole = at;
            }
        }

        shard[hole] = default;
        _counts[number]--;
        Count--;
    }

    // Pack 4 keeps it at 20 bytes; the hash lies there in two halves because a 128-bit integer would be aligned to 16.
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Entry
    {
        public ulong Low;
        public ulong High;
        public uint Set;
    }
}
