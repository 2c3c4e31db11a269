namespace Crescent.Engine.Devices;

/// <summary>The blocks that a sequence has in one group of layers: those of all of its positions, or those from some block on.</summary>
/// <param name="blocks">Block ids in order.</param>
/// <param name="first">Number of the block of positions that the first of them holds: position p lies in block p / block size.</param>
public readonly ref struct GroupTable(ReadOnlySpan<int> blocks, int first)
{
    /// <summary>Block ids in order.</summary>
    public ReadOnlySpan<int> Blocks { get; } = blocks;

    /// <summary>Number of the first block of positions that is held.</summary>
    public int First { get; } = first;

    /// <summary>Number of the first block of positions behind those that are held.</summary>
    public int End => First + Blocks.Length;

    /// <summary>Id of the block that holds the block of positions <paramref name="number"/>.</summary>
    public int this[int number] => Blocks[number - First];
}
