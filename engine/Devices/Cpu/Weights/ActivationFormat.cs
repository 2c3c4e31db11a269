namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>
/// How a matrix wants the rows it is multiplied with. A row of one of the block formats is a sequence of blocks of 32 values:
/// the values, then their float scale times 2^112 (<see cref="Simd.HalfBits"/>), then their sum as a 32-bit integer. A value is
/// scale * number.
/// </summary>
[Flags]
internal enum ActivationFormat
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Floats: 4 bytes a value.</summary>
    Floats = 1,

    /// <summary>Blocks of 32 signed bytes, scale, sum: 40 bytes.</summary>
    Bytes = 2,

    /// <summary>Blocks of 32 signed 16-bit numbers, scale, sum: 72 bytes.</summary>
    Words = 4,
}
