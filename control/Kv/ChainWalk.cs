using System.Runtime.CompilerServices;
using Crescent.Engine.Kv;

namespace Crescent.Control.Kv;

/// <summary>
/// One look-up of a chain. Goes from sample to sample, and through the blocks in between where a slot has dropped out; whatever is read from
/// memory is asked for many blocks ahead. The members of a set are read only where its sum differs from the last one's by several slots.
/// </summary>
internal ref struct ChainWalk
{
    /// <summary>Blocks from one sample to the next.</summary>
    public const int Stride = 32;

    private const int SampleGroup = 16;

    // Who has had to go through the blocks of one stride will most likely have to in the next few.
    private const int LongWindow = 4 * Stride;
    private const int Several = -1;

    private readonly HolderTable _table;
    private readonly SlotSets _sets;
    private readonly int[] _owners;
    private readonly ReadOnlySpan<BlockHash> _chain;
    private readonly Span<int> _lead;

    // Those that hold all blocks so far, and how many they are.
    private readonly Span<ulong> _alive;
    private readonly Span<ulong> _scratch;
    private int _left;

    // Blocks looked at one by one; of those whose set is not that of the block before, which they are and the slot that makes the difference.
    private readonly Span<SlotSet> _window;
    private readonly Span<int> _changed;
    private readonly Span<int> _slots;
    private int _from;
    private int _end;
    private int _changes;
    private int _next;

    private ChainWalk(HolderTable table, SlotSets sets, int[] owners, ReadOnlySpan<BlockHash> chain, Span<int> lead, Span<ulong> bits, Span<SlotSet> window, Span<int> places)
    {
        (_table, _sets, _owners) = (table, sets, owners);
        _chain = chain;
        _lead = lead;
        _alive = bits[..sets.Words];
        _scratch = bits[sets.Words..];
        _window = window;
        _changed = places[..LongWindow];
        _slots = places[LongWindow..];
    }

    /// <summary>
    /// Raises <paramref name="lead"/> of the owner of each open slot to the leading blocks of <paramref name="chain"/> that the slot
    /// holds, as <see cref="KvIndex.Overlap"/> says.
    /// </summary>
    [SkipLocalsInit]
    public static void Run(HolderTable table, SlotSets sets, ReadOnlySpan<ulong> open, int[] owners, ReadOnlySpan<BlockHash> chain, Span<int> lead)
    {
        var first = chain.IsEmpty ? default : table.Find(chain[0]);
        if (!first.IsEmpty)
        {
            var walk = new ChainWalk(
                table, sets, owners, chain, lead, stackalloc ulong[2 * sets.Words], stackalloc SlotSet[LongWindow], stackalloc int[2 * LongWindow]);
            walk.Go(first, open);
        }
    }

    [SkipLocalsInit]
    private void Go(SlotSet set, ReadOnlySpan<ulong> open)
    {
        Span<SlotSet> samples = stackalloc SlotSet[SampleGroup];
        _sets.BitsOf(set, _scratch).CopyTo(_alive);
        Bits.And(_alive, open);
        _left = Bits.Count(_alive);
        for (int at = 0, last = _chain.Length - 1, sample = SampleGroup; at < last && _left > 0; sample++)
        {
            if (sample == SampleGroup)
            {
                Sample(at, set, samples);
                sample = 0;
            }

            // Blocks are freed tail first: who holds this one as well holds those in between.
            var next = Math.Min(at + Stride, last);
            if (next < _end || !Keeps(set, samples[sample]))
            {
                Scan(at, next, set);
            }

            (at, set) = (next, samples[sample]);
        }

        Raise(_alive, _chain.Length);
    }

    /// <summary>Finds the sets of the next samples behind the block <paramref name="at"/>, and brings near the members that <see cref="Keeps"/> will read.</summary>
    private readonly void Sample(int at, in SlotSet before, Span<SlotSet> samples)
    {
        Find(at + Stride, Stride, samples);
        var sum = before.Sum;
        foreach (ref readonly var sample in samples)
        {
            var change = sum ^ sample.Sum;
            if (change != 0 && _sets.Slot(change) < 0)
            {
                _sets.Prefetch(sample);
            }

            sum = sample.Sum;
        }
    }

    /// <summary>True when all that are left, members of the set <paramref name="before"/>, are members of <paramref name="after"/>.</summary>
    private readonly bool Keeps(in SlotSet before, in SlotSet after)
    {
        if (after.IsEmpty)
        {
            return false;
        }

        var change = before.Sum ^ after.Sum;
        if (change == 0)
        {
            return true;
        }

        var slot = _sets.Slot(change);
        return slot >= 0 ? !Bits.Has(_alive, slot) : Bits.IsSubset(_alive, _sets.BitsOf(after, _scratch));
    }

    /// <summary>
    /// Goes from the block <paramref name="at"/>, whose set is <paramref name="set"/>, to <paramref name="last"/> one by one, and lets go
    /// of those that do not hold a block.
    /// </summary>
    private void Scan(int at, int last, in SlotSet set)
    {
        if (last >= _end)
        {
            Open(at, set);
        }

        for (; _next < _changes && _changed[_next] <= last && _left > 0; _next++)
        {
            // One that joins, or leaves without having held all so far, is none of those that are left.
            var (block, slot) = (_changed[_next], _slots[_next]);
            if (slot == Several)
            {
                Drop(_window[block - _from], block);
            }
            else if (Bits.Has(_alive, slot))
            {
                Raise(slot >> 6, 1UL << (slot & 63), block);
                Bits.Clear(_alive, slot);
                _left--;
            }
        }
    }

    /// <summary>Looks at the blocks behind <paramref name="at"/>, whose set is <paramref name="set"/>.</summary>
    private void Open(int at, in SlotSet set)
    {
        var length = Math.Min(at + 1 == _end ? LongWindow : Stride, _chain.Length - (at + 1));
        (_from, _end, _changes, _next) = (at + 1, at + 1 + length, 0, 0);
        var window = _window[..length];
        Find(_from, 1, window);
        var sum = set.Sum;
        for (var i = 0; i < window.Length; i++)
        {
            // Written in any case and kept if it is a change: to ask first would be to guess wrong every other time.
            var change = sum ^ window[i].Sum;
            sum = window[i].Sum;
            _changed[_changes] = _from + i;
            _slots[_changes] = _sets.Slot(change);
            _changes += change == 0 ? 0 : 1;
        }

        for (var i = 0; i < _changes; i++)
        {
            if (_slots[i] == Several)
            {
                _sets.Prefetch(window[_changed[i] - _from]);
            }
        }
    }

    /// <summary>Finds the sets of blocks that lie <paramref name="step"/> apart; beyond the chain's end, that of its last.</summary>
    [SkipLocalsInit]
    private readonly void Find(int start, int step, Span<SlotSet> found)
    {
        Span<int> places = stackalloc int[LongWindow];
        var last = _chain.Length - 1;
        for (var i = 0; i < found.Length; i++)
        {
            _table.Prefetch(_chain[Math.Min(start + (i * step), last)]);
        }

        var far = 0;
        for (var i = 0; i < found.Length; i++)
        {
            if (!_table.FindNear(_chain[Math.Min(start + (i * step), last)], out found[i]))
            {
                places[far++] = i;
            }
        }

        foreach (var i in places[..far])
        {
            found[i] = _table.Find(_chain[Math.Min(start + (i * step), last)]);
        }
    }

    /// <summary>Lets go of those that are not in <paramref name="set"/>, with a lead of <paramref name="blocks"/>.</summary>
    private void Drop(in SlotSet set, int blocks)
    {
        var holders = _sets.BitsOf(set, _scratch);
        for (var word = 0; word < _alive.Length; word++)
        {
            var lost = _alive[word] & ~holders[word];
            if (lost != 0)
            {
                Raise(word, lost, blocks);
                _alive[word] ^= lost;
                _left -= (int)ulong.PopCount(lost);
            }
        }
    }

    private readonly void Raise(ReadOnlySpan<ulong> slots, int blocks)
    {
        for (var word = 0; word < slots.Length; word++)
        {
            Raise(word, slots[word], blocks);
        }
    }

    private readonly void Raise(int word, ulong slots, int blocks)
    {
        for (; slots != 0; slots &= slots - 1)
        {
            ref var of = ref _lead[_owners[(word << 6) + (int)ulong.TrailingZeroCount(slots)]];
            of = Math.Max(of, blocks);
        }
    }
}
