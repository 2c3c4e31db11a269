namespace Crescent.Engine.Devices.Cpu;

/// <summary>Which instructions the kernels are written in; chosen once when a <see cref="CpuDevice"/> starts.</summary>
public enum InstructionSet
{
    /// <summary>The widest that the processor has.</summary>
    Auto,

    /// <summary>512-bit vectors: AVX-512 F and BW, with AVX-VNNI where the processor has it.</summary>
    Avx512,

    /// <summary>256-bit vectors: AVX2 and FMA, with AVX-VNNI where the processor has it.</summary>
    Avx2,

    /// <summary>128-bit vectors of any processor that .NET runs on.</summary>
    Vector128,
}
