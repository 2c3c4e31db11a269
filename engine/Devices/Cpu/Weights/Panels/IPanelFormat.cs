namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// How 16 rows of a quantised type are interleaved. A panel is a sequence of blocks of 32 columns; a block is a sequence of groups,
/// each with the same few columns of rows 0 to 15, then the rows' 16 half-precision scales and, where there are any, 16 minima. A
/// panel takes as many bytes as its rows take in the file.
/// </summary>
internal unsafe interface IPanelFormat
{
    /// <summary>Bytes of 32 columns of one row in the file.</summary>
    static abstract int SourceBytes { get; }

    /// <summary>Groups in a block.</summary>
    static abstract int Groups { get; }

    /// <summary>Bytes of one row in a group.</summary>
    static abstract int RowBytes { get; }

    /// <summary>What has been added to each stored number: the weight is scale * (number - offset).</summary>
    static abstract int Offset { get; }

    /// <summary>Whether the weight is scale * number + minimum instead.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>What the kernels of this format take.</summary>
    static abstract ActivationFormat Activations { get; }

    /// <summary>Writes 32 columns of row <paramref name="row"/>, 0 to 15, into their place in a block.</summary>
    static abstract void Pack(byte* source, byte* block, int row);
}
