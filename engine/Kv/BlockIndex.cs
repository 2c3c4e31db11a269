using System.Numerics;

namespace Crescent.Engine.Kv;

/// <summary>
/// Finds the block that holds a content. An open hash table of eight bytes a slot, at most half full: a look-up reads one random place, and
/// since that place follows from the content alone, the look-ups of a prompt's blocks run side by side in the processor.
/// </summary>
/// <remarks>Hashes are spread evenly already, so that their low bits are the place.</remarks>
internal sealed class BlockIndex
{
    // Low 32 bits of the hash, then the block plus 1; 0 where there is none. An entry lies at its low bits or, after a collision, behind.
    private readonly ulong[] _slots;
    private readonly uint _mask;
    private readonly BlockHash[] _hashOf;
    private readonly bool[] _holds;

    /// <summary>An empty index over the blocks 0 to <paramref name="blockCount"/> less one.</summary>
    public BlockIndex(int blockCount)
    {
        _slots = new ulong[BitOperations.RoundUpToPowerOf2(2 * (ulong)blockCount)];
        _mask = (uint)(_slots.Length - 1);
        _hashOf = new BlockHash[blockCount];
        _holds = new bool[blockCount];
    }

    /// <summary>Blocks that can be found.</summary>
    public int Count { get; private set; }

    /// <summary>True when <paramref name="block"/> can be found.</summary>
    public bool Holds(int block) => _holds[block];

    /// <summary>The content by which <paramref name="block"/> can be found.</summary>
    public BlockHash HashOf(int block) => _hashOf[block];

    /// <summary>The block with the content <paramref name="hash"/>, or -1.</summary>
    public int Find(BlockHash hash)
    {
        var tag = Tag(hash);
        for (var at = tag & _mask; _slots[at] != 0; at = (at + 1) & _mask)
        {
            var block = (int)(uint)_slots[at] - 1;
            if ((uint)(_slots[at] >> 32) == tag && _hashOf[block] == hash)
            {
                return block;
            }
        }

        return -1;
    }

    /// <summary>Makes <paramref name="block"/>, which cannot be found yet, known by <paramref name="hash"/>; false when another block is.</summary>
    public bool TryAdd(BlockHash hash, int block)
    {
        var tag = Tag(hash);
        var at = tag & _mask;
        for (; _slots[at] != 0; at = (at + 1) & _mask)
        {
            if ((uint)(_slots[at] >> 32) == tag && _hashOf[(int)(uint)_slots[at] - 1] == hash)
            {
                return false;
            }
        }

        _slots[at] = ((ulong)tag << 32) | (uint)(block + 1);
        _hashOf[block] = hash;
        _holds[block] = true;
        Count++;
        return true;
    }

    /// <summary>Forgets <paramref name="block"/>, which can be found.</summary>
    public void Remove(int block)
    {
        var hole = Tag(_hashOf[block]) & _mask;
        while ((uint)_slots[hole] != (uint)(block + 1))
        {
            hole = (hole + 1) & _mask;
        }

        // What lies behind the hole moves up unless it would come before its own place, so that no look-up ends too early.
        for (var at = (hole + 1) & _mask; _slots[at] != 0; at = (at + 1) & _mask)
        {
            var place = (uint)(_slots[at] >> 32) & _mask;
            if (((at - place) & _mask) >= ((at - hole) & _mask))
            {
                _slots[hole] = _slots[at];
                hole = at;
            }
        }

        _slots[hole] = 0;
        _holds[block] = false;
        Count--;
    }

    private static uint Tag(BlockHash hash) => (uint)hash.Value;
}
