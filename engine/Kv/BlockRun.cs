namespace Crescent.Engine.Kv;

/// <summary>The blocks that a sequence holds in one group of layers, one for each block of positions from some number on. Only <see cref="KvCache"/> changes it.</summary>
/// <param name="capacity">Blocks before it has to grow itself.</param>
public sealed class BlockRun(int capacity)
{
    // The first held lies at _start; what is given up in front makes room behind by and by.
    private int[] _blocks = new int[Math.Max(1, capacity)];
    private int _start;

    /// <summary>Number of the first block of positions that is held.</summary>
    public int First { get; private set; }

    /// <summary>Blocks held.</summary>
    public int Held { get; private set; }

    /// <summary>Number of the first block of positions behind them.</summary>
    public int End => First + Held;

    /// <summary>Ids of those that are held, in order.</summary>
    public ReadOnlySpan<int> Blocks => _blocks.AsSpan(_start, Held);

    /// <summary>Id of the block that holds the block of positions <paramref name="number"/>.</summary>
    public int this[int number]
    {
        get => _blocks[_start + number - First];
        internal set => _blocks[_start + number - First] = value;
    }

    /// <summary>It holds nothing and begins at the block of positions <paramref name="first"/>.</summary>
    internal void Begin(int first) => (First, Held, _start) = (first, 0, 0);

    internal void Add(int block)
    {
        if (_start + Held == _blocks.Length)
        {
            var target = 2 * Held > _blocks.Length ? new int[2 * _blocks.Length] : _blocks;
            Blocks.CopyTo(target);
            (_blocks, _start) = (target, 0);
        }

        _blocks[_start + Held++] = block;
    }

    internal int RemoveLast() => _blocks[_start + --Held];

    internal int RemoveFirst()
    {
        (First, Held) = (First + 1, Held - 1);
        return _blocks[_start++];
    }
}
