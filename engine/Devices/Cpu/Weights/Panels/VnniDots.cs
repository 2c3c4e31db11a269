using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>Adds four products of unsigned by signed bytes to each 32-bit lane.</summary>
internal interface IByteDot
{
    static abstract Vector256<int> Add(Vector256<int> sum, Vector256<byte> left, Vector256<sbyte> right);
}

/// <summary>By the one instruction there is for it.</summary>
internal readonly struct VnniByteDot : IByteDot
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> left, Vector256<sbyte> right) =>
        AvxVnni.MultiplyWideningAndAdd(sum, left, right);
}

/// <summary>Sixteen rows of <see cref="Q8Quads"/>; .NET has the instruction for 256 bits only.</summary>
internal readonly unsafe struct VnniDot512<TByteDot> : IPanelDot<Lanes512, VnniDot512<TByteDot>.Weights, VnniDot512<TByteDot>.Sum>
    where TByteDot : IByteDot
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Weights Load(byte* group) => new(Vector256.Load(group), Vector256.Load(group + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Sum Add(Sum sum, Weights weights, byte* activations)
    {
        var a = Vector256.Create(*(int*)activations).AsSByte();
        return new Sum(TByteDot.Add(sum.Low, weights.Low, a), TByteDot.Add(sum.High, weights.High, a));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Total(Sum sum, int correction) =>
        new(Avx512F.ConvertToVector512Single(Vector512.Create(sum.Low, sum.High) + Vector512.Create(correction)));

    /// <summary>Rows 0 to 7 and 8 to 15.</summary>
    internal readonly struct Weights(Vector256<byte> low, Vector256<byte> high)
    {
        public readonly Vector256<byte> Low = low;
        public readonly Vector256<byte> High = high;
    }

    /// <summary>Rows 0 to 7 and 8 to 15.</summary>
    internal readonly struct Sum(Vector256<int> low, Vector256<int> high)
    {
        public readonly Vector256<int> Low = low;
        public readonly Vector256<int> High = high;
    }
}

/// <summary>Eight rows of <see cref="Q8Quads"/>.</summary>
internal readonly unsafe struct VnniDot256<TByteDot> : IPanelDot<Lanes256, Vector256<byte>, Vector256<int>>
    where TByteDot : IByteDot
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load(byte* group) => Vector256.Load(group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> sum, Vector256<byte> weights, byte* activations) =>
        TByteDot.Add(sum, weights, Vector256.Create(*(int*)activations).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Total(Vector256<int> sum, int correction) =>
        new(Avx.ConvertToVector256Single(sum + Vector256.Create(correction)));
}
