namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>
/// How a matrix wants the rows it is multiplied with. A row of one of the block formats is a sequence of blocks of 32 values, each a
/// number times the block's scale: the numbers, then four floats: the scale, and the scale times the sum of all numbers, of the first 16
/// and of the last 16.
/// </summary>
[Flags]
internal enum ActivationFormat
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Floats: 4 bytes a value.</summary>
    Floats = 1,

    /// <summary>Numbers of -127 to 127 as bytes: 48 bytes a block.</summary>
    Bytes = 2,

    /// <summary>
    /// The same numbers as 16-bit words, for kernels that have to widen weights: 80 bytes a block. Of each four the second and the third
    /// have changed places, as the even and the odd bytes of four weights come apart.
    /// </summary>
    WideBytes = 4,

    /// <summary>Numbers of -32,767 to 32,767, in the order of <see cref="WideBytes"/>: 80 bytes a block.</summary>
    Words = 8,
}
