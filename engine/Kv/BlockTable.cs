namespace Crescent.Engine.Kv;

/// <summary>
/// The KV blocks of one sequence, in order: position p lies in block p / blockSize. The first <see cref="Registered"/> of them are
/// full and known to the prefix cache by <see cref="Hashes"/>. Only <see cref="KvCache"/> changes it.
/// </summary>
public sealed class BlockTable
{
    private int[] _blocks;

    /// <summary>A table that takes <paramref name="capacity"/> blocks before it has to grow itself.</summary>
    public BlockTable(int capacity = 8)
    {
        _blocks = new int[Math.Max(1, capacity)];
        Hashes = new List<BlockHash>(capacity);
    }

    /// <summary>Blocks in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Block ids in order.</summary>
    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, Count);

    /// <summary>Leading blocks whose content has been offered to the prefix cache.</summary>
    public int Registered { get; internal set; }

    /// <summary>Where the sequence's state is, on a device that keeps states; -1 for none.</summary>
    public int State { get; internal set; } = -1;

    /// <summary>The last state that was kept of the sequence while it decoded; the next takes its place.</summary>
    internal BlockHash? LatestKept { get; set; }

    /// <summary>Number of the last copy that brings content into its blocks; 0 for none. See <see cref="KvCopies"/>.</summary>
    public long ArrivesWith { get; internal set; }

    /// <summary>Hashes of the leading full blocks, as far as they have been computed; they outlive the blocks.</summary>
    internal List<BlockHash> Hashes { get; }

    internal void Add(int block)
    {
        if (Count == _blocks.Length)
        {
            Array.Resize(ref _blocks, Count * 2);
        }

        _blocks[Count++] = block;
    }

    internal int RemoveLast() => _blocks[--Count];
}
