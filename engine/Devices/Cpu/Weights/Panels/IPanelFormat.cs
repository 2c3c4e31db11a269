using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// How 16 rows of a quantised type are interleaved. A panel is a sequence of super-blocks, each a header and some blocks of 32 columns; a
/// block is two halves of four groups, each of four columns of rows 0 to 15, then what its scales need. A weight is
/// scale * number + minimum, with one scale and one minimum for each row and block, or for each half of a block.
/// </summary>
internal unsafe interface IPanelFormat
{
    /// <summary>Bytes of a super-block of one row in the file.</summary>
    static abstract int SourceBytes { get; }

    /// <summary>Blocks of 32 columns in a super-block.</summary>
    static abstract int Blocks { get; }

    /// <summary>Bytes of what a super-block of 16 rows begins with.</summary>
    static abstract int HeaderBytes { get; }

    /// <summary>Bytes of a block of 16 rows.</summary>
    static abstract int BlockBytes { get; }

    /// <summary>The largest number; the smallest is 0.</summary>
    static abstract int Largest { get; }

    /// <summary>Whether each half of a block has scales of its own.</summary>
    static abstract bool Halves { get; }

    /// <summary>
    /// The numbers, as bytes, of columns 4 g to 4 g + 3 of half <paramref name="half"/> of a block, of as many rows as there are lanes, from row
    /// <paramref name="row"/> on.
    /// </summary>
    static abstract TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>The scales of these rows in half <paramref name="half"/>, or in the whole block.</summary>
    static abstract TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>The minima that go with <paramref name="scales"/>.</summary>
    static abstract TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes>;

    /// <summary>Writes a super-block of row <paramref name="row"/>, 0 to 15, into its place in a panel.</summary>
    static abstract void Pack(byte* source, byte* panel, int row);
}
