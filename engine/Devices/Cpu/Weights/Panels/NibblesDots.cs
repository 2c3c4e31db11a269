using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

// Q4Nibbles: numbers of at most 15 times bytes, added in pairs, stay so small that the eight sums of a block (at most
// 8 * 2 * 15 * 127 = 30,480) fit 16 bits; only then are the two halves of a row added up.

/// <summary>Sixteen rows of <see cref="Q4Nibbles"/> by AVX-512 BW.</summary>
internal readonly unsafe struct NibblesDot512 : IPanelDot<Lanes512, NibblesDot512.Weights, Vector512<short>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Weights Load(byte* group)
    {
        var bytes = Vector512.Load(group);
        var mask = Vector512.Create((byte)15);
        return new Weights(bytes & mask, (bytes.AsUInt16() >>> 4).AsByte() & mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<short> Add(Vector512<short> sum, Weights weights, byte* activations) =>
        sum + Avx512BW.MultiplyAddAdjacent(weights.Low, Vector512.Create(*(int*)activations).AsSByte())
        + Avx512BW.MultiplyAddAdjacent(weights.High, Vector512.Create(*(int*)(activations + 16)).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Total(Vector512<short> sum, int correction) =>
        new(Avx512F.ConvertToVector512Single(Avx512BW.MultiplyAddAdjacent(sum, Vector512<short>.One) + Vector512.Create(correction)));

    /// <summary>Columns 4 g to 4 g + 3 and 16 + 4 g to 16 + 4 g + 3.</summary>
    internal readonly struct Weights(Vector512<byte> low, Vector512<byte> high)
    {
        public readonly Vector512<byte> Low = low;
        public readonly Vector512<byte> High = high;
    }
}

/// <summary>Eight rows of <see cref="Q4Nibbles"/> by AVX2.</summary>
internal readonly unsafe struct NibblesDot256 : IPanelDot<Lanes256, NibblesDot256.Weights, Vector256<short>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Weights Load(byte* group)
    {
        var bytes = Vector256.Load(group);
        var mask = Vector256.Create((byte)15);
        return new Weights(bytes & mask, (bytes.AsUInt16() >>> 4).AsByte() & mask);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Add(Vector256<short> sum, Weights weights, byte* activations) =>
        sum + Avx2.MultiplyAddAdjacent(weights.Low, Vector256.Create(*(int*)activations).AsSByte())
        + Avx2.MultiplyAddAdjacent(weights.High, Vector256.Create(*(int*)(activations + 16)).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Total(Vector256<short> sum, int correction) =>
        new(Avx.ConvertToVector256Single(Avx2.MultiplyAddAdjacent(sum, Vector256<short>.One) + Vector256.Create(correction)));

    /// <summary>Columns 4 g to 4 g + 3 and 16 + 4 g to 16 + 4 g + 3.</summary>
    internal readonly struct Weights(Vector256<byte> low, Vector256<byte> high)
    {
        public readonly Vector256<byte> Low = low;
        public readonly Vector256<byte> High = high;
    }
}

/// <summary>Four rows of <see cref="Q4Nibbles"/> by operations that every processor has.</summary>
internal readonly unsafe struct NibblesDot128 : IPanelDot<Lanes128, Vector128<int>, Vector128<int>>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(byte* group) => Vector128.Load((int*)group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> sum, Vector128<int> weights, byte* activations)
    {
        var a = (sbyte*)activations;
        var mask = Vector128.Create(15);
        sum += ((weights & mask) * a[0]) + (((weights >>> 4) & mask) * a[16]);
        sum += (((weights >>> 8) & mask) * a[1]) + (((weights >>> 12) & mask) * a[17]);
        sum += (((weights >>> 16) & mask) * a[2]) + (((weights >>> 20) & mask) * a[18]);
        return sum + (((weights >>> 24) & mask) * a[3]) + ((weights >>> 28) * a[19]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Total(Vector128<int> sum, int correction) => new(Vector128.ConvertToSingle(sum + Vector128.Create(correction)));
}
