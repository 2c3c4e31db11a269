using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// The states of a device whose layers keep one for a sequence, whatever its length. Each running sequence has one; the others hold what prompts may begin
/// from again: the state after a block, found by the block's hash. When none is free, the one that was not used for longest is given up.
/// </summary>
/// <param name="count">States of the device.</param>
/// <param name="copies">Take copies of states.</param>
/// <param name="events">Takes note of states that are kept and given up.</param>
public sealed class StateSlots(int count, KvCopies copies, KvEventBuffer? events = null)
{
    private readonly Stack<int> _free = new(Enumerable.Range(0, count).Reverse());
    private readonly Dictionary<BlockHash, LinkedListNode<(BlockHash Hash, int Slot)>> _kept = [];
    private readonly LinkedList<(BlockHash Hash, int Slot)> _byUse = new();

    /// <summary>States in all.</summary>
    public int Count => count;

    /// <summary>States that are kept for prompts to come.</summary>
    public int KeptCount => _kept.Count;

    /// <summary>States that nobody uses and that hold nothing.</summary>
    public int FreeCount => _free.Count;

    /// <summary>Whether a sequence could have one.</summary>
    public bool CanTake => _free.Count + _kept.Count > 0;

    /// <summary>Whether the state after a block is kept.</summary>
    public bool Holds(BlockHash hash) => _kept.ContainsKey(hash);

    /// <summary>Gives a sequence a state: that after the block of <paramref name="hash"/>, which is kept, or one that it writes over.</summary>
    public int Take(BlockHash? hash)
    {
        // It may be given up itself: it is then the sequence's.
        if (hash is { } start && _kept.TryGetValue(start, out var node))
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
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

    /// <summary>Takes the state of a sequence that has ended back.</summary>
    public void Release(int slot) => _free.Push(slot);

    /// <summary>Keeps a copy of <paramref name="slot"/> as the state after the block of <paramref name="hash"/>, where there is room.</summary>
    /// <returns>False when every state is a running sequence's.</returns>
    public bool Keep(BlockHash hash, int slot)
    {
        if (_kept.TryGetValue(hash, out var node))
        {
            _byUse.Remove(node);
            _byUse.AddLast(node);
            return true;
        }

        if (!CanTake)
        {
            return false;
        }

        var target = TakeAny();
        copies.Add(new KvCopy(KvCopyKind.State, target, 0, slot));
        _kept.Add(hash, _byUse.AddLast((hash, target)));
        events?.Add(KvEventKind.Stored, hash.Of(KvPlaces.StateGroup));
        return true;
    }

    /// <summary>Gives up what is kept for <paramref name="hash"/>.</summary>
    public void Drop(BlockHash hash)
    {
        if (_kept.TryGetValue(hash, out var node))
        {
            _free.Push(GiveUp(node));
        }
    }

    /// <summary>Copies what names the states that are kept, in no order.</summary>
    /// <returns>Their number, <see cref="KeptCount"/>.</returns>
    public int CopyHashes(Span<BlockHash> destination)
    {
        var kept = 0;
        foreach (var (hash, _) in _byUse)
        {
            destination[kept++] = hash.Of(KvPlaces.StateGroup);
        }

        return kept;
    }

    /// <summary>Throws when a state is lost or had twice, given those of all living sequences.</summary>
    public void CheckIntegrity(IEnumerable<int> held)
    {
        var seen = new HashSet<int>();
        var all = held.Concat(_free).Concat(_byUse.Select(static kept => kept.Slot)).ToList();
        if (all.Count != count || !all.All(seen.Add))
        {
            throw new InvalidOperationException($"The states are broken: {all.Count} of {count} are known, {seen.Count} of them once.");
        }
    }

    private int TakeAny() => _free.TryPop(out var slot) ? slot : GiveUp(_byUse.First!);

    private int GiveUp(LinkedListNode<(BlockHash Hash, int Slot)> node)
    {
        _byUse.Remove(node);
        _kept.Remove(node.Value.Hash);
        events?.Add(KvEventKind.Evicted, node.Value.Hash.Of(KvPlaces.StateGroup));
        return node.Value.Slot;
    }
}
