using System.Runtime.CompilerServices;
using Crescent.Engine.Kv;

namespace Crescent.Control.Kv;

/// <summary>
/// Which slots hold which blocks, and how many leading blocks of a chain each slot holds. A slot is closed at once, however much it
/// holds: what it leaves behind counts no more, and is swept out bit by bit before the slot is opened again.
/// </summary>
/// <param name="slots">Slots to make room for; more make the sets wider once they are needed.</param>
/// <param name="multiplier">See <see cref="BlockTable"/>.</param>
internal sealed class BlockIndex(int slots, ulong multiplier)
{
    /// <summary>Blocks from one look at a chain to the next.</summary>
    public const int Stride = 32;

    private const int SampleGroup = 16;
    private const int PrefetchAhead = 8;
    private const int WordsStep = 4;

    private readonly BlockTable _table = new(multiplier);
    private readonly SlotSets _sets = new(WordsFor(slots));

    // A bit a slot: in use; closed since the sweep under way began; closed before it.
    private ulong[] _open = new ulong[WordsFor(slots)];
    private ulong[] _closed = new ulong[WordsFor(slots)];
    private ulong[] _sweeping = new ulong[WordsFor(slots)];
    private int[] _owners = new int[WordsFor(slots) * 64];
    private int[] _counts = new int[WordsFor(slots) * 64];
    private int _nextShard = BlockTable.Shards;

    /// <summary>Blocks known, those that only closed slots hold among them until they are swept out.</summary>
    public int Blocks => _table.Count;

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
                if (set == SlotSets.Empty)
                {
                    _table.RemoveEmpty(hashes[i]);
                }
            }
        }
    }

    /// <summary>
    /// Raises <paramref name="lead"/> of the owner of each open slot to the leading blocks of <paramref name="chain"/> that the slot
    /// holds, as <see cref="KvIndex.Overlap"/> says.
    /// </summary>
    [SkipLocalsInit]
    public void Lead(ReadOnlySpan<BlockHash> chain, Span<int> lead)
    {
        var first = chain.IsEmpty ? SlotSets.Empty : _table.Find(chain[0]);
        if (first == SlotSets.Empty)
        {
            return;
        }

        Span<ulong> scratch = stackalloc ulong[_open.Length];
        Span<ulong> alive = stackalloc ulong[_open.Length];
        Span<uint> sets = stackalloc uint[SampleGroup];
        _sets.BitsOf(first, scratch).CopyTo(alive);
        if (!Bits.And(alive, _open))
        {
            return;
        }

        for (int at = 0, last = chain.Length - 1, sample = SampleGroup; at < last; sample++)
        {
            if (sample == SampleGroup)
            {
                Resolve(chain, at + Stride, Stride, sets);
                sample = 0;
            }

            // Blocks are freed tail first: who holds this one as well holds those in between.
            var next = Math.Min(at + Stride, last);
            var set = sets[sample];
            if ((set == SlotSets.Empty || !Bits.IsSubset(alive, _sets.BitsOf(set, scratch))) && !Scan(chain, at, next, alive, lead))
            {
                return;
            }

            at = next;
        }

        Raise(alive, chain.Length, lead);
    }

    /// <summary>Sweeps out what closed slots have left.</summary>
    /// <param name="budget">Places of the table to go through, in the main.</param>
    public void Sweep(int budget)
    {
        if (_nextShard == BlockTable.Shards)
        {
            if (!_closed.AsSpan().ContainsAnyExcept(0UL))
            {
                return;
            }

            (_sweeping, _closed) = (_closed, _sweeping);
            _nextShard = 0;
        }

        while (budget > 0 && _nextShard < BlockTable.Shards)
        {
            budget -= _table.Sweep(_nextShard++, _sets, _sweeping);
        }

        if (_nextShard == BlockTable.Shards)
        {
            Array.Clear(_sweeping);
        }
    }

    private static int WordsFor(int slots) => ((slots + 63) / 64 + WordsStep - 1) / WordsStep * WordsStep;

    /// <summary>Goes from the block <paramref name="at"/> to <paramref name="last"/> one by one, and lets go of those that do not hold a block.</summary>
    /// <returns>False when nobody is left.</returns>
    [SkipLocalsInit]
    private bool Scan(ReadOnlySpan<BlockHash> chain, int at, int last, Span<ulong> alive, Span<int> lead)
    {
        Span<ulong> scratch = stackalloc ulong[alive.Length];
        Span<uint> sets = stackalloc uint[Stride];
        sets = sets[..(last - at)];
        Resolve(chain, at + 1, 1, sets);
        foreach (var set in sets)
        {
            at++;
            if (set == SlotSets.Empty)
            {
                Raise(alive, at, lead);
                return false;
            }

            var holders = _sets.BitsOf(set, scratch);
            if (Bits.IsSubset(alive, holders))
            {
                continue;
            }

            for (var word = 0; word < alive.Length; word++)
            {
                var lost = alive[word] & ~holders[word];
                if (lost != 0)
                {
                    Raise(word, lost, at, lead);
                }
            }

            if (!Bits.And(alive, holders))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Finds the sets of blocks that lie <paramref name="step"/> apart; all are on their way from memory at once.</summary>
    private void Resolve(ReadOnlySpan<BlockHash> chain, int start, int step, Span<uint> sets)
    {
        var last = chain.Length - 1;
        for (var i = 0; i < sets.Length; i++)
        {
            _table.Prefetch(chain[Math.Min(start + (i * step), last)]);
        }

        for (var i = 0; i < sets.Length; i++)
        {
            sets[i] = _table.Find(chain[Math.Min(start + (i * step), last)]);
            _sets.Prefetch(sets[i]);
        }
    }

    private void Raise(ReadOnlySpan<ulong> slots, int blocks, Span<int> lead)
    {
        for (var word = 0; word < slots.Length; word++)
        {
            Raise(word, slots[word], blocks, lead);
        }
    }

    private void Raise(int word, ulong slots, int blocks, Span<int> lead)
    {
        for (; slots != 0; slots &= slots - 1)
        {
            ref var of = ref lead[_owners[(word << 6) + (int)ulong.TrailingZeroCount(slots)]];
            of = Math.Max(of, blocks);
        }
    }

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
