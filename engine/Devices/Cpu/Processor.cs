using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>What this machine's processor is and can do.</summary>
public static class Processor
{
    /// <summary>Its name as the maker gives it, or its architecture.</summary>
    public static string Name { get; } = ReadName();

    /// <summary>Whether it has <paramref name="instructions"/>.</summary>
    public static bool Supports(InstructionSet instructions) => instructions switch
    {
        InstructionSet.Avx512Vnni => Lanes512.IsSupported && AvxVnni.IsSupported,
        InstructionSet.Avx2Vnni => Lanes256.IsSupported && AvxVnni.IsSupported,
        InstructionSet.Vector128Dot => Dp.IsSupported,
        _ => CanRun(instructions),
    };

    /// <summary>Whether kernels of <paramref name="instructions"/> run here, even if dot products of bytes are made of other instructions.</summary>
    public static bool CanRun(InstructionSet instructions) => instructions switch
    {
        InstructionSet.Avx512Vnni or InstructionSet.Avx512 => Lanes512.IsSupported,
        InstructionSet.Avx2Vnni or InstructionSet.Avx2 => Lanes256.IsSupported,
        _ => true,
    };

    /// <summary>The instruction set to use where <paramref name="wanted"/> is asked for.</summary>
    /// <exception cref="PlatformNotSupportedException">It is not there.</exception>
    public static InstructionSet Choose(InstructionSet wanted)
    {
        if (wanted == InstructionSet.Auto)
            return Enum.GetValues<InstructionSet>().First(static set => set != InstructionSet.Auto && Supports(set));
        if (!CanRun(wanted))
            throw new PlatformNotSupportedException($"{Name} has no {Describe(wanted)}; leave the instruction set at Auto.");
        return wanted;
    }

    /// <summary>For a human.</summary>
    public static string Describe(InstructionSet instructions) => instructions switch
    {
        InstructionSet.Avx512Vnni => "AVX-512 with VNNI",
        InstructionSet.Avx512 => "AVX-512",
        InstructionSet.Avx2Vnni => "AVX2 with VNNI",
        InstructionSet.Avx2 => "AVX2",
        InstructionSet.Vector128Dot => "128-bit vectors with dot products",
        _ => "128-bit vectors",
    };

    private static string ReadName()
    {
        const int FirstLeaf = unchecked((int)0x80000002);
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004)
            return RuntimeInformation.ProcessArchitecture.ToString();
        Span<int> name = stackalloc int[12];
        for (var i = 0; i < 3; i++)
            (name[4 * i], name[(4 * i) + 1], name[(4 * i) + 2], name[(4 * i) + 3]) = X86Base.CpuId(FirstLeaf + i, 0);
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes(name)).Trim('\0', ' ');
    }
}
