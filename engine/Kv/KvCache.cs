using Crescent.Engine.Devices;

namespace Crescent.Engine.Kv;

/// <summary>
/// Decides which sequence gets the next KV block of one device. The scheduler asks it for positions and never sees the pool.
/// </summary>
public sealed class KvCache(int blockCount)
{
    private readonly BlockPool _pool = new(blockCount);

    /// <summary>Blocks to be had.</summary>
    public int FreeBlocks => _pool.FreeCount;

    /// <summary>Blocks in all.</summary>
    public int TotalBlocks => _pool.Count;

    /// <summary>Blocks that hold <paramref name="positions"/> positions.</summary>
    public static int BlocksFor(int positions) => (positions + StepPlan.BlockSize - 1) / StepPlan.BlockSize;

    /// <summary>
    /// Extends <paramref name="table"/> so that it holds <paramref name="positions"/> positions, if <paramref name="spare"/> blocks stay
    /// free beyond that. A refusal changes nothing.
    /// </summary>
    public bool TryGrow(BlockTable table, int positions, int spare = 0)
    {
        var missing = BlocksFor(positions) - table.Count;
        if (missing > 0 && missing + spare > _pool.FreeCount)
        {
            return false;
        }

        for (; missing > 0; missing--)
        {
            table.Add(_pool.Take());
        }

        return true;
    }

    /// <summary>Gives all blocks of <paramref name="table"/> back, the tail first, so that the head of a prompt is reused last.</summary>
    public void Free(BlockTable table)
    {
        while (table.Count > 0)
        {
            _pool.Release(table.RemoveLast());
        }
    }

    /// <summary>Throws when an invariant is broken, given the tables of all living sequences.</summary>
    public void CheckIntegrity(IEnumerable<BlockTable> tables)
    {
        _pool.CheckIntegrity();
        var holders = new int[_pool.Count];
        foreach (var table in tables)
        {
            foreach (var block in table.Blocks)
            {
                holders[block]++;
            }
        }

        for (var block = 0; block < holders.Length; block++)
        {
            if (holders[block] != _pool.References(block))
            {
                throw new InvalidOperationException($"KV block {block} is held {_pool.References(block)} times but stands in {holders[block]} tables.");
            }
        }
    }
}
