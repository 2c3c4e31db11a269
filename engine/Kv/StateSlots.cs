using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// The states of a device whose layers keep one for a sequence, whatever its length. Each running sequence has one; the others hold what prompts may begin
/// from again: the state after a block, found by the block's hash. When none is free, one is given up: of those that sequences have passed by the one that was not used for
/// longest, else of the others.
/// </summary>
/// <param name="count">States of the device.</param>
/// <param name="copies">Take copies of states.</param>
public sealed class StateSlots(int count, KvCopies copies)
{
    /// <summary>One of so many states is never a second one.</summary>
    private const int SpareShare = 4;

    private readonly Stack<int> _free = new(Enumerable.Range(0, count).Reverse());
    private readonly Dictionary<BlockHash, LinkedListNode<KeptState>> _kept = [];
    private readonly LinkedList<KeptState> _passed = new();
    private readonly LinkedList<KeptState> _byUse = new();

    // Running sequences' states into which something is copied, and those of them that were given back before it was there: nobody takes one into which something is still written.
    private readonly Queue<(int Slot, BlockHash Hash, long Copy)> _arriving = new();
    private readonly HashSet<int> _left = [];
    private readonly bool[] _isArriving = new bool[count];

    /// <summary>States in all.</summary>
    public int Count => count;

    /// <summary>States that are kept for prompts to come.</summary>
    public int KeptCount => _kept.Count;

    /// <summary>States that nobody uses and that hold nothing.</summary>
    public int FreeCount => _free.Count;

    /// <summary>States into which something is copied from elsewhere.</summary>
    public int ArrivingCount => _arriving.Count;

    /// <summary>Whether a sequence could have one.</summary>
    public bool CanTake => _free.Count + _kept.Count > 0;

    /// <summary>Whether a running sequence could have a second one for a while: some are always left to those who have none, and to prompts to come.</summary>
    public bool CanSpare => _free.Count + _kept.Count > Math.Max(1, count / SpareShare);

    /// <summary>Told of a kept state that is given up, before anything else is written there: its content's name, and where it is.</summary>
    public Action<BlockHash, int>? GivesUp { get; set; }

    /// <summary>What the state after a block is called among all content.</summary>
    public static BlockHash NameOf(BlockHash hash) => hash.Of(KvPlaces.StateGroup);

    /// <summary>Whether the state after a block is kept.</summary>
    public bool Holds(BlockHash hash) => HoldsContent(NameOf(hash));

    /// <summary>The same by <see cref="NameOf"/>.</summary>
    public bool HoldsContent(BlockHash name) => _kept.ContainsKey(name);

    /// <summary>Gives a sequence a state: that after the block of <paramref name="hash"/>, if it is kept, or one that it writes over.</summary>
    public int Take(BlockHash? hash)
    {
        // It may be given up itself: it is then the sequence's.
        if (hash is { } start && _kept.TryGetValue(NameOf(start), out var node))
        {
            Touch(node);
            if (_free.Count == 0 && _kept.Count == 1)
            {
                return GiveUp(node);
            }

            var slot = TakeAny();
            copies.Add(new KvCopy(KvCopyKind.State, slot, 0, node.Value.Slot));
            return slot;
        }

        return TakeAny();
    }

    /// <summary>The state after the block of <paramref name="hash"/> is on its way into a sequence's <paramref name="slot"/>, and there with the copy of number <paramref name="copy"/>.</summary>
    public void Expect(int slot, BlockHash hash, long copy)
    {
        _isArriving[slot] = true;
        _arriving.Enqueue((slot, hash, copy));
    }

    /// <summary>Takes note of the next state that has arrived with the copies up to number <paramref name="copy"/>.</summary>
    /// <param name="copy">The last that is done.</param>
    /// <param name="arrived">Where it is, and the hash of its block; its sequence has not gone on from it yet.</param>
    /// <returns>False when there is none that is still a sequence's.</returns>
    public bool TryArrive(long copy, out (int Slot, BlockHash Hash) arrived)
    {
        while (_arriving.TryPeek(out var next) && next.Copy <= copy)
        {
            _arriving.Dequeue();
            _isArriving[next.Slot] = false;
            if (!_left.Remove(next.Slot))
            {
                arrived = (next.Slot, next.Hash);
                return true;
            }

            _free.Push(next.Slot);
        }

        arrived = default;
        return false;
    }

    /// <summary>Takes the state of a sequence that has ended back.</summary>
    public void Release(int slot)
    {
        if (_isArriving[slot])
        {
            _left.Add(slot);
        }
        else
        {
            _free.Push(slot);
        }
    }

    /// <summary>Keeps a copy of <paramref name="slot"/> as the state after the block of <paramref name="hash"/>, where there is room.</summary>
    /// <param name="hash">The block's.</param>
    /// <param name="slot">A running sequence's.</param>
    /// <param name="passed">Whether its sequence goes on from there, and others are not likely to: it is then the first to be given up, until it is used.</param>
    /// <returns>False when every state is a running sequence's.</returns>
    public bool Keep(BlockHash hash, int slot, bool passed = false)
    {
        if (_kept.TryGetValue(NameOf(hash), out var node))
        {
            Touch(node);
            return true;
        }

        if (!CanTake)
        {
            return false;
        }

        var target = TakeAny();
        copies.Add(new KvCopy(KvCopyKind.State, target, 0, slot));
        var kept = new KeptState(NameOf(hash), target, passed);
        _kept.Add(kept.Name, (passed ? _passed : _byUse).AddLast(kept));
        return true;
    }

    /// <summary>Forgets what is kept for <paramref name="hash"/>.</summary>
    /// <returns>False when nothing is.</returns>
    public bool Drop(BlockHash hash)
    {
        if (!_kept.Remove(NameOf(hash), out var node))
        {
            return false;
        }

        node.List!.Remove(node);
        _free.Push(node.Value.Slot);
        return true;
    }

    /// <summary>Whether the state at <paramref name="name"/>, which is kept, was passed by.</summary>
    public bool IsPassed(BlockHash name) => _kept[name].Value.Passed;

    /// <summary>Copies the names of the states that are kept, in no order.</summary>
    /// <returns>Their number, <see cref="KeptCount"/>.</returns>
    public int CopyHashes(Span<BlockHash> destination)
    {
        var kept = 0;
        foreach (var name in _kept.Keys)
        {
            destination[kept++] = name;
        }

        return kept;
    }

    /// <summary>Throws when a state is lost or had twice, given those of all living sequences.</summary>
    public void CheckIntegrity(IEnumerable<int> held)
    {
        var seen = new HashSet<int>();
        var kept = _passed.Concat(_byUse).ToList();
        var all = held.Concat(_free).Concat(_left).Concat(kept.Select(static state => state.Slot)).ToList();
        if (all.Count != count || !all.All(seen.Add))
        {
            throw new InvalidOperationException($"The states are broken: {all.Count} of {count} are known, {seen.Count} of them once.");
        }

        if (kept.Count != _kept.Count || !kept.All(state => HoldsContent(state.Name)))
        {
            throw new InvalidOperationException($"The states are broken: {kept.Count} are kept, {_kept.Count} can be found.");
        }

        if (_arriving.Count != _isArriving.Count(static arrives => arrives) || _left.Any(slot => !_isArriving[slot]))
        {
            throw new InvalidOperationException($"The states are broken: {_arriving.Count} are on their way, other than is noted of them.");
        }
    }

    private void Touch(LinkedListNode<KeptState> node)
    {
        node.List!.Remove(node);
        node.Value = node.Value with { Passed = false };
        _byUse.AddLast(node);
    }

    private int TakeAny() => _free.TryPop(out var slot) ? slot : GiveUp(_passed.First ?? _byUse.First!);

    private int GiveUp(LinkedListNode<KeptState> node)
    {
        GivesUp?.Invoke(node.Value.Name, node.Value.Slot);
        node.List!.Remove(node);
        _kept.Remove(node.Value.Name);
        return node.Value.Slot;
    }

    private readonly record struct KeptState(BlockHash Name, int Slot, bool Passed);
}
