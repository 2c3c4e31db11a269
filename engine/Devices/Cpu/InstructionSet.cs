namespace Crescent.Engine.Devices.Cpu;

/// <summary>
/// Which instructions the kernels are written in; chosen once when a <see cref="CpuDevice"/> starts. It is a matter of speed alone: all give
/// the same bits.
/// </summary>
public enum InstructionSet
{
    /// <summary>The fastest that the processor has.</summary>
    Auto,

    /// <summary>512-bit vectors, AVX-512 F and BW, with dot products of bytes, AVX-VNNI.</summary>
    Avx512Vnni,

    /// <summary>512-bit vectors, AVX-512 F and BW.</summary>
    Avx512,

    /// <summary>256-bit vectors, AVX2 and FMA, with dot products of bytes, AVX-VNNI.</summary>
    Avx2Vnni,

    /// <summary>256-bit vectors, AVX2 and FMA.</summary>
    Avx2,

    /// <summary>128-bit vectors with dot products of bytes, as ARM64 has them.</summary>
    Vector128Dot,

    /// <summary>128-bit vectors of any processor that .NET runs on.</summary>
    Vector128,
}
