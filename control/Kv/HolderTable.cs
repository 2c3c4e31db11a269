using System.Runtime.CompilerServices;
using Crescent.Engine.Kv;

namespace Crescent.Control.Kv;

/// <summary>
/// From the hash of a block to the set of those that hold it: three places in 64 bytes, of which 3 to 4 in 5 are mostly taken, cut into shards that
/// grow on their own, so that no single insertion has to move a million entries.
/// </summary>
/// <param name="seed">Odd. Spreads the hashes; whoever does not know it cannot write prompts that all meet in one place.</param>
internal sealed class HolderTable(ulong seed)
{
    private const int ShardBits = 10;

    /// <summary>Shards.</summary>
    public const int Shards = 1 << ShardBits;

    // The golden ratio's bits: a small seed would leave the upper bits, which say where an entry lies, as they are.
    private readonly ulong _multiplier = seed * 0x9E3779B97F4A7C15;
    private readonly BlockShard[] _shards = new BlockShard[Shards];

    /// <summary>Entries.</summary>
    public int Count { get; private set; }

    /// <summary>Brings what <see cref="FindNear"/> reads nearer to the processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(BlockHash hash) => ShardOf(hash).Prefetch(Mix(Key(hash)));

    /// <summary>The set of <paramref name="hash"/>, the empty one when there is no entry, unless that takes a second line of memory.</summary>
    /// <returns>False when <see cref="Find"/> must be asked; what it reads is then on its way.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool FindNear(BlockHash hash, out SlotSet set)
    {
        var key = Key(hash);
        return ShardOf(hash).FindNear(key, Mix(key), out set);
    }

    /// <summary>The set of <paramref name="hash"/>, the empty one when there is no entry.</summary>
    public SlotSet Find(BlockHash hash)
    {
        ref var set = ref FindSet(hash);
        return Unsafe.IsNullRef(ref set) ? default : set;
    }

    /// <summary>The set of <paramref name="hash"/> to change, or a null reference when there is no entry; good until the next addition or removal.</summary>
    public ref SlotSet FindSet(BlockHash hash)
    {
        var key = Key(hash);
        ref var shard = ref ShardOf(hash);
        var place = shard.Find(key, Mix(key));
        return ref place < 0 ? ref Unsafe.NullRef<SlotSet>() : ref shard[place];
    }

    /// <summary>The set of <paramref name="hash"/>; the caller must see to it that a new one does not stay empty.</summary>
    public ref SlotSet GetOrAdd(BlockHash hash)
    {
        var key = Key(hash);
        ref var shard = ref ShardOf(hash);
        var place = shard.Find(key, Mix(key));
        if (place < 0)
        {
            place = shard.Add(key, Mix(key), _multiplier);
            Count++;
        }

        return ref shard[place];
    }

    /// <summary>Removes the entry of <paramref name="hash"/>, which must be there and whose set has become empty.</summary>
    public void RemoveEmpty(BlockHash hash)
    {
        var key = Key(hash);
        ref var shard = ref ShardOf(hash);
        shard.Remove(shard.Find(key, Mix(key)), _multiplier);
        Count--;
    }

    /// <summary>Takes <paramref name="slots"/> from all sets of one shard.</summary>
    /// <returns>Places it went through, at least 1.</returns>
    public int Sweep(int number, SlotSets sets, ReadOnlySpan<ulong> slots)
    {
        ref var shard = ref _shards[number];
        for (var place = 0; place < shard.PlaceLimit;)
        {
            if (shard.IsTaken(place))
            {
                ref var set = ref shard[place];
                sets.Subtract(ref set, slots);
                if (set.IsEmpty)
                {
                    // An entry from behind may have come into this place, so it is looked at again.
                    shard.Remove(place, _multiplier);
                    Count--;
                    continue;
                }
            }

            place++;
        }

        return Math.Max(1, shard.PlaceLimit);
    }

    /// <summary>Gives every set to <paramref name="change"/>.</summary>
    public void ForEach(SetChange change)
    {
        foreach (ref readonly var shard in _shards.AsSpan())
        {
            for (var place = 0; place < shard.PlaceLimit; place++)
            {
                if (shard.IsTaken(place))
                {
                    change(ref shard[place]);
                }
            }
        }
    }

    /// <summary>Changes a set.</summary>
    public delegate void SetChange(ref SlotSet set);

    // What an entry is told by; 0 is a free place.
    private static ulong Key(BlockHash hash) => Math.Max(1, (ulong)hash.Value);

    private ulong Mix(ulong key) => key * _multiplier;

    private ref BlockShard ShardOf(BlockHash hash) => ref _shards[Mix((ulong)(hash.Value >> 64)) >> (64 - ShardBits)];
}
