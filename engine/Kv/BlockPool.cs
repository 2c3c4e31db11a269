namespace Crescent.Engine.Kv;

/// <summary>
/// The KV blocks of one device: who holds each and which are free. Free blocks form a list for each <see cref="KvWorth"/>, in the order in which they were given
/// back, threaded through two arrays, so that taking and giving back cost the same for any number of blocks: of those that are worth least the block that was
/// used least recently is taken first.
/// </summary>
/// <remarks>Invariants, asserted by <see cref="CheckIntegrity"/>: free + held = total; a block is in one of the lists if and only if nobody holds it.</remarks>
public sealed class BlockPool
{
    private readonly int[] _references;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly byte[] _worth;
    private readonly int[] _free = new int[KvWorth.Levels];

    /// <summary>A pool of free blocks with the ids 0 to <paramref name="count"/> less one.</summary>
    public BlockPool(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Count = count;
        _references = new int[count];
        _next = new int[count + KvWorth.Levels];
        _previous = new int[count + KvWorth.Levels];
        _worth = new byte[count];
        for (var head = count; head < _next.Length; head++)
        {
            _next[head] = _previous[head] = head;
        }

        for (var block = 0; block < count; block++)
        {
            Append(block, KvWorth.Nothing);
        }
    }

    /// <summary>Blocks in all.</summary>
    public int Count { get; }

    /// <summary>Blocks that nobody holds.</summary>
    public int FreeCount { get; private set; }

    /// <summary>Of those, blocks that are worth more than <see cref="KvWorth.Ordinary"/> ones.</summary>
    public int KeptCount => FreeCount - _free[KvWorth.Nothing] - _free[KvWorth.Passed] - _free[KvWorth.Ordinary];

    /// <summary>How many hold <paramref name="block"/>.</summary>
    public int References(int block) => _references[block];

    /// <summary>What <paramref name="block"/> was worth when it was given back last.</summary>
    public int Worth(int block) => _worth[block];

    /// <summary>Takes the free block that is worth least and, of those, was used least recently; there must be one.</summary>
    public int Take()
    {
        if (FreeCount == 0)
        {
            throw new InvalidOperationException($"All {Count} KV blocks are held.");
        }

        var head = Count;
        while (_next[head] == head)
        {
            head++;
        }

        var block = _next[head];

        Remove(block);
        _references[block] = 1;
        return block;
    }

    /// <summary>Holds <paramref name="block"/> once more; a free block leaves the free list.</summary>
    public void Acquire(int block)
    {
        if (_references[block]++ == 0)
        {
            Remove(block);
        }
    }

    /// <summary>Gives <paramref name="block"/> back once; when nobody holds it any more it goes to the end of the free list of its worth.</summary>
    /// <param name="block">The block.</param>
    /// <param name="worth">See <see cref="KvWorth"/>.</param>
    public void Release(int block, int worth = KvWorth.Ordinary)
    {
        if (_references[block] == 0)
        {
            throw new InvalidOperationException($"KV block {block} is free already.");
        }

        if (--_references[block] == 0)
        {
            Append(block, worth);
        }
    }

    /// <summary>Gives a free block another worth. Of those that are <see cref="KvWorth.Awaited"/> the last is taken first, since the first is used first.</summary>
    public void Move(int block, int worth)
    {
        Remove(block);
        Append(block, worth);
    }

    /// <summary>Throws when an invariant of the pool is broken.</summary>
    public void CheckIntegrity()
    {
        var listed = 0;
        for (var head = Count; head < _next.Length; head++)
        {
            for (var block = _next[head]; block != head; block = _next[block])
            {
                Require(_references[block] == 0, $"block {block} is in the free list and held {_references[block]} times");
                Require(_previous[_next[block]] == block, $"the links around block {block} do not meet");
                Require(++listed <= Count, "the free list runs in a circle");
            }
        }

        Require(_free.Sum() == FreeCount, $"{_free.Sum()} free blocks are counted by their worth, {FreeCount} in all");
        Require(listed == FreeCount, $"{listed} blocks are in the free list, {FreeCount} are counted free");
        var held = _references.Count(static references => references > 0);
        Require(listed + held == Count, $"{listed} free and {held} held blocks are not {Count}");
    }

    private static void Require(bool condition, string fault)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The KV block pool is broken: {fault}.");
        }
    }

    // A list is a ring through one extra entry, so that no link is ever missing.
    private void Append(int block, int worth)
    {
        var head = Count + worth;
        var last = worth == KvWorth.Awaited ? head : _previous[head];
        var next = _next[last];
        _next[last] = block;
        _previous[block] = last;
        _next[block] = next;
        _previous[next] = block;
        _worth[block] = (byte)worth;
        _free[worth]++;
        FreeCount++;
    }

    private void Remove(int block)
    {
        _next[_previous[block]] = _next[block];
        _previous[_next[block]] = _previous[block];
        _free[_worth[block]]--;
        FreeCount--;
    }
}
