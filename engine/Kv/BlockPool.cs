namespace Crescent.Engine.Kv;

/// <summary>
/// The KV blocks of one device: who holds each and which are free. Free blocks form a list in the order in which they were given
/// back, threaded through two arrays, so that taking and giving back cost the same for any number of blocks and the block that was
/// used least recently is taken first.
/// </summary>
/// <remarks>Invariants, asserted by <see cref="CheckIntegrity"/>: free + held = total; a block is in the list if and only if nobody holds it.</remarks>
public sealed class BlockPool
{
    private readonly int[] _references;
    private readonly int[] _next;
    private readonly int[] _previous;

    /// <summary>A pool of free blocks with the ids 0 to <paramref name="count"/> less one.</summary>
    public BlockPool(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        Count = count;
        _references = new int[count];
        _next = new int[count + 1];
        _previous = new int[count + 1];
        _next[Head] = Head;
        _previous[Head] = Head;
        for (var block = 0; block < count; block++)
        {
            Append(block);
        }
    }

    /// <summary>Blocks in all.</summary>
    public int Count { get; }

    /// <summary>Blocks that nobody holds.</summary>
    public int FreeCount { get; private set; }

    // The list is a ring through one extra entry, so that no link is ever missing.
    private int Head => Count;

    /// <summary>How many hold <paramref name="block"/>.</summary>
    public int References(int block) => _references[block];

    /// <summary>Takes the free block that was used least recently; there must be one.</summary>
    public int Take()
    {
        var block = _next[Head];
        if (block == Head)
        {
            throw new InvalidOperationException($"All {Count} KV blocks are held.");
        }

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

    /// <summary>Gives <paramref name="block"/> back once; when nobody holds it any more it goes to the end of the free list.</summary>
    public void Release(int block)
    {
        if (_references[block] == 0)
        {
            throw new InvalidOperationException($"KV block {block} is free already.");
        }

        if (--_references[block] == 0)
        {
            Append(block);
        }
    }

    /// <summary>Throws when an invariant of the pool is broken.</summary>
    public void CheckIntegrity()
    {
        var listed = 0;
        for (var block = _next[Head]; block != Head; block = _next[block])
        {
            Require(_references[block] == 0, $"block {block} is in the free list and held {_references[block]} times");
            Require(_previous[_next[block]] == block, $"the links around block {block} do not meet");
            Require(++listed <= Count, "the free list runs in a circle");
        }

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

    private void Append(int block)
    {
        var last = _previous[Head];
        _next[last] = block;
        _previous[block] = last;
        _next[block] = Head;
        _previous[Head] = block;
        FreeCount++;
    }

    private void Remove(int block)
    {
        _next[_previous[block]] = _next[block];
        _previous[_next[block]] = _previous[block];
        FreeCount--;
    }
}
