using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>What this machine's processor is and can do.</summary>
internal static class Processor
{
    /// <summary>Its name as the maker gives it, or its architecture.</summary>
    public static string Name { get; } = ReadName();

    /// <summary>Whether its kernels can run here.</summary>
    public static bool Supports(InstructionSet instructions) => instructions switch
    {
        InstructionSet.Avx512 => Lanes512.IsSupported,
        InstructionSet.Avx2 => Lanes256.IsSupported,
        _ => true,
    };

    /// <summary>The instruction set to use where <paramref name="wanted"/> is asked for.</summary>
    /// <exception cref="PlatformNotSupportedException">It is not there.</exception>
    public static InstructionSet Choose(InstructionSet wanted)
    {
        if (wanted == InstructionSet.Auto)
            return Lanes512.IsSupported ? InstructionSet.Avx512 : Lanes256.IsSupported ? InstructionSet.Avx2 : InstructionSet.Vector128;
        if (!Supports(wanted))
            throw new PlatformNotSupportedException($"{Name} has no {Describe(wanted)}; leave the instruction set at Auto.");
        return wanted;
    }

    /// <summary>For a human.</summary>
    public static string Describe(InstructionSet instructions)
    {
        var vectors = instructions switch
        {
            InstructionSet.Avx512 => "AVX-512",
            InstructionSet.Avx2 => "AVX2",
            _ => "128-bit vectors",
        };
        return instructions != InstructionSet.Vector128 && AvxVnni.IsSupported ? vectors + " with VNNI" : vectors;
    }

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
