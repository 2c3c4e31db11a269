using System.Runtime.CompilerServices;
using Crescent.Engine.Kv;

namespace Crescent.Control.Kv;

/// <summary>
/// Which slots hold which blocks, and how many leading blocks of a chain each slot holds. A slot is closed at once, however much it
/// holds: what it leaves behind counts no more, and is swept out bit by bit before the slot is opened again.
/// </summary>
/// <param name="slots">Slots to make room for; more make the sets wider once they are needed.</param>
/// <param name="multiplier">See <see cref="HolderTable"/>; the seed of <see cref="SlotKeys"/> as well.</param>
internal sealed class HolderIndex(int slots, ulong multiplier)
{
    private const int PrefetchAhead = 8;
    private const int WordsStep = 4;

    private readonly HolderTable _table = new(multiplier);
    private readonly SlotSets _sets = new(WordsFor(slots), multiplier);

    // A bit a slot: in use; closed since the sweep under way began; closed before it.
    private ulong[] _open = new ulong[WordsFor(slots)];
    private ulong[] _closed = new ulong[WordsFor(slots)];
    private ulong[] _sweeping = new ulong[WordsFor(slots)];
    private int[] _owners = new int[WordsFor(slots) * 64];
    private int[] _counts = new int[WordsFor(slots) * 64];
    private int _nextShard = HolderTable.Shards;

    /// <summary>Blocks known, those that only closed slots hold among them until they are swept out.</summary>
    public int Blocks => _table.Count;

    /// <summary>Length of a set of slots.</summary>
    public int Words => _sets.Words;

    /// <summary>Blocks that <paramref name="slot"/> holds.</summary>
    public int CountOf(int slot) => _counts[slot];

    /// <summary>Opens an empty slot.</summary>
    /// <param name="owner">Where <see cref="Lead"/> writes what the slot holds.</param>
    public int Open(int owner)
    {
        var slot = FindFree();
        if (slot < 0)
        {
            Sweep(int.MaxValue);
            Sweep(int.MaxValue);
            slot = FindFree();
        }

        if (slot < 0)
        {
            slot = _open.Length * 64;
            Widen();
        }

        Bits.Set(_open, slot);
        _owners[slot] = owner;
        _counts[slot] = 0;
        return slot;
    }

    /// <summary>Closes <paramref name="slot"/> with all it holds.</summary>
    public void Close(int slot)
    {
        Bits.Clear(_open, slot);
        if (_counts[slot] > 0)
        {
            Bits.Set(_closed, slot);
        }
    }

    /// <summary><paramref name="slot"/> holds <paramref name="hashes"/> from now on.</summary>
    public void Add(int slot, ReadOnlySpan<BlockHash> hashes)
    {
        for (var i = 0; i < hashes.Length; i++)
        {
            _table.Prefetch(hashes[Math.Min(i + PrefetchAhead, hashes.Length - 1)]);
            if (_sets.Add(ref _table.GetOrAdd(hashes[i]), slot))
            {
                _counts[slot]++;
            }
        }
    }

    /// <summary><paramref name="slot"/> holds <paramref name="hashes"/> no more.</summary>
    public void Remove(int slot, ReadOnlySpan<BlockHash> hashes)
    {
        for (var i = 0; i < hashes.Length; i++)
        {
            _table.Prefetch(hashes[Math.Min(i + PrefetchAhead, hashes.Length - 1)]);
            ref var set = ref _table.FindSet(hashes[i]);
            if (!Unsafe.IsNullRef(ref set) && _sets.Remove(ref set, slot))
            {
                _counts[slot]--;
                if (set.IsEmpty)
                {
                    _table.RemoveEmpty(hashes[i]);
                }
            }
        }
    }

    /// <summary>Whether <paramref name="slot"/> holds <paramref name="hash"/>.</summary>
    [SkipLocalsInit]
    public bool Holds(int slot, BlockHash hash)
    {
        Span<ulong> scratch = stackalloc ulong[_sets.Words];
        var set = _table.Find(hash);
        return !set.IsEmpty && Bits.Has(_sets.BitsOf(set, scratch), slot);
    }

    /// <summary>
    /// Raises <paramref name="lead"/> of the owner of each open slot to the leading blocks of <paramref name="chain"/> that the slot
    /// holds, as <see cref="KvIndex.Overlap"/> says.
    /// </summary>
    public void Lead(ReadOnlySpan<BlockHash> chain, Span<int> lead) => ChainWalk.Run(_table, _sets, _open, _owners, chain, lead);

    /// <summary>
    /// Lowers <paramref name="lead"/> of the owner of each asked slot to behind the last block of <paramref name="chain"/> of which the slot holds what <paramref name="group"/> has
    /// of it; 0 where it holds none. One look-up a block, from the end on, for all slots together.
    /// </summary>
    /// <param name="chain">Hashes of blocks.</param>
    /// <param name="group">See <see cref="BlockHash.Of"/>.</param>
    /// <param name="asked">A bit a slot, <see cref="Words"/> long; what is left of it says nothing.</param>
    /// <param name="lead">By owner, at most as long as the chain.</param>
    [SkipLocalsInit]
    public void Trail(ReadOnlySpan<BlockHash> chain, int group, Span<ulong> asked, Span<int> lead)
    {
        Span<ulong> scratch = stackalloc ulong[Words];
        Span<ulong> found = stackalloc ulong[Words];
        var longest = 0;
        foreach (var slot in new Bits(asked))
        {
            longest = Math.Max(longest, lead[_owners[slot]]);
        }

        for (var number = longest - 1; number >= 0; number--)
        {
            _table.Prefetch(chain[Math.Max(number - PrefetchAhead, 0)].Of(group));
            var set = _table.Find(chain[number].Of(group));
            if (set.IsEmpty)
            {
                continue;
            }

            asked.CopyTo(found);
            if (!Bits.And(found, _sets.BitsOf(set, scratch)))
            {
                continue;
            }

            foreach (var slot in new Bits(found))
            {
                if (lead[_owners[slot]] > number)
                {
                    lead[_owners[slot]] = number + 1;
                    Bits.Clear(asked, slot);
                }
            }

            if (!asked.ContainsAnyExcept(0UL))
            {
                return;
            }
        }

        foreach (var slot in new Bits(asked))
        {
            lead[_owners[slot]] = 0;
        }
    }

    /// <summary>Sweeps out what closed slots have left.</summary>
    /// <param name="budget">Places of the table to go through, in the main.</param>
    public void Sweep(int budget)
    {
        if (_nextShard == HolderTable.Shards)
        {
            if (!_closed.AsSpan().ContainsAnyExcept(0UL))
            {
                return;
            }

            (_sweeping, _closed) = (_closed, _sweeping);
            _nextShard = 0;
        }

        while (budget > 0 && _nextShard < HolderTable.Shards)
        {
            budget -= _table.Sweep(_nextShard++, _sets, _sweeping);
        }

        if (_nextShard == HolderTable.Shards)
        {
            Array.Clear(_sweeping);
        }
    }

    /// <summary>Sweeps out what closed slots have left, one part of so many of the table: so many calls are a round, whatever there is.</summary>
    public void SweepShare(int parts)
    {
        for (var shard = 0; shard < (HolderTable.Shards + parts - 1) / parts; shard++)
        {
            Sweep(1);
        }
    }

    private static int WordsFor(int slots) => ((slots + 63) / 64 + WordsStep - 1) / WordsStep * WordsStep;

    private int FindFree()
    {
        for (var word = 0; word < _open.Length; word++)
        {
            var free = ~(_open[word] | _closed[word] | _sweeping[word]);
            if (free != 0)
            {
                return (word << 6) + (int)ulong.TrailingZeroCount(free);
            }
        }

        return -1;
    }

    private void Widen()
    {
        // A quarter more at least, so that growing to many devices moves the sets only now and then.
        var words = WordsFor((_open.Length * 64) + Math.Max(1, _open.Length * 16));
        if (words * 64 > SlotSets.MaxSlots)
        {
            throw new InvalidOperationException($"The index has {_open.Length * 64} slots in use, and there can be no more than {SlotSets.MaxSlots}.");
        }

        _sets.Widen(words, _table);
        Array.Resize(ref _open, words);
        Array.Resize(ref _closed, words);
        Array.Resize(ref _sweeping, words);
        Array.Resize(ref _owners, words * 64);
        Array.Resize(ref _counts, words * 64);
    }
}
