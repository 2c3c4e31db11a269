namespace Crescent.Engine.Kv;

/// <summary>The KV blocks of one sequence, in order: position p lies in block p / blockSize. Only <see cref="KvCache"/> changes it.</summary>
public sealed class BlockTable
{
    private int[] _blocks = new int[8];

    /// <summary>Blocks in the table.</summary>
    public int Count { get; private set; }

    /// <summary>Block ids in order.</summary>
    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(0, Count);

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
