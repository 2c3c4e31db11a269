using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

// Q8Pairs: two columns of a row, widened to 16 bits, times the same two of the activations give one 32-bit lane a row.

/// <summary>Sixteen rows of <see cref="Q8Pairs"/> by AVX-512 BW.</summary>
internal readonly unsafe struct WordsDot512 : IPanelDot<Lanes512, Vector512<short>, Vector512<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Load(byte* group) => Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)group));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> sum, Vector512<short> weights, byte* activations) =>
        sum + Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(*(int*)activations).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Total(Vector512<int> sum, int correction) => new(Avx512F.ConvertToVector512Single(sum));
}

/// <summary>Eight rows of <see cref="Q8Pairs"/> by AVX2.</summary>
internal readonly unsafe struct WordsDot256 : IPanelDot<Lanes256, Vector256<short>, Vector256<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Load(byte* group) => Avx2.ConvertToVector256Int16(Vector128.Load((sbyte*)group));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<short> weights, byte* activations) =>
        sum + Avx2.MultiplyAddAdjacent(weights, Vector256.Create(*(int*)activations).AsInt16());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Total(Vector256<int> sum, int correction) => new(Avx.ConvertToVector256Single(sum));
}

/// <summary>Four rows of <see cref="Q8Pairs"/> by operations that every processor has.</summary>
internal readonly unsafe struct WordsDot128 : IPanelDot<Lanes128, Vector128<int>, Vector128<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* group) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(long*)group).AsSByte()).AsInt32();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sum, Vector128<int> weights, byte* activations)
    {
        var a = (short*)activations;
        return sum + (((weights << 16) >> 16) * a[0]) + ((weights >> 16) * a[1]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Total(Vector128<int> sum, int correction) => new(Vector128.ConvertToSingle(sum));
}
