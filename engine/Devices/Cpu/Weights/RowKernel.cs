using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>
/// Dot products of stored rows with float activations. Lane l sums the products of columns l, l + count, ...; the lanes are added
/// at the end, then the columns that fill no vector: the same order however many rows or tokens a call takes.
/// </summary>
internal static unsafe class RowKernel<TLanes, TElement>
    where TLanes : unmanaged, ILanes<TLanes>
    where TElement : IRowElement<TLanes>
{
    /// <summary>output[r] = row r of four, <paramref name="rowBytes"/> apart, times x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourRows(byte* w, nint rowBytes, float* x, int columns, float* output)
    {
        byte* w1 = w + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        var i = 0;
        for (; i + TLanes.Count <= columns; i += TLanes.Count)
        {
            var v = TLanes.Load(x + i);
            s0 = TLanes.MultiplyAdd(TElement.Load(w, i), v, s0);
            s1 = TLanes.MultiplyAdd(TElement.Load(w1, i), v, s1);
            s2 = TLanes.MultiplyAdd(TElement.Load(w2, i), v, s2);
            s3 = TLanes.MultiplyAdd(TElement.Load(w3, i), v, s3);
        }

        output[0] = Finish(s0, w, x, i, columns);
        output[1] = Finish(s1, w1, x, i, columns);
        output[2] = Finish(s2, w2, x, i, columns);
        output[3] = Finish(s3, w3, x, i, columns);
    }

    /// <summary>Four rows times four tokens; token t's values go to output + 16 t.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void FourByFour(byte* w, nint rowBytes, float* x0, float* x1, float* x2, float* x3, int columns, float* output)
    {
        byte* w1 = w + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        TLanes s00 = TLanes.Zero, s01 = TLanes.Zero, s02 = TLanes.Zero, s03 = TLanes.Zero;
        TLanes s10 = TLanes.Zero, s11 = TLanes.Zero, s12 = TLanes.Zero, s13 = TLanes.Zero;
        TLanes s20 = TLanes.Zero, s21 = TLanes.Zero, s22 = TLanes.Zero, s23 = TLanes.Zero;
        TLanes s30 = TLanes.Zero, s31 = TLanes.Zero, s32 = TLanes.Zero, s33 = TLanes.Zero;
        var i = 0;
        for (; i + TLanes.Count <= columns; i += TLanes.Count)
        {
            TLanes a0 = TElement.Load(w, i), a1 = TElement.Load(w1, i), a2 = TElement.Load(w2, i), a3 = TElement.Load(w3, i);
            var v = TLanes.Load(x0 + i);
            s00 = TLanes.MultiplyAdd(a0, v, s00);
            s01 = TLanes.MultiplyAdd(a1, v, s01);
            s02 = TLanes.MultiplyAdd(a2, v, s02);
            s03 = TLanes.MultiplyAdd(a3, v, s03);
            v = TLanes.Load(x1 + i);
            s10 = TLanes.MultiplyAdd(a0, v, s10);
            s11 = TLanes.MultiplyAdd(a1, v, s11);
            s12 = TLanes.MultiplyAdd(a2, v, s12);
            s13 = TLanes.MultiplyAdd(a3, v, s13);
            v = TLanes.Load(x2 + i);
            s20 = TLanes.MultiplyAdd(a0, v, s20);
            s21 = TLanes.MultiplyAdd(a1, v, s21);
            s22 = TLanes.MultiplyAdd(a2, v, s22);
            s23 = TLanes.MultiplyAdd(a3, v, s23);
            v = TLanes.Load(x3 + i);
            s30 = TLanes.MultiplyAdd(a0, v, s30);
            s31 = TLanes.MultiplyAdd(a1, v, s31);
            s32 = TLanes.MultiplyAdd(a2, v, s32);
            s33 = TLanes.MultiplyAdd(a3, v, s33);
        }

        FinishFour(s00, s01, s02, s03, w, rowBytes, x0, i, columns, output);
        FinishFour(s10, s11, s12, s13, w, rowBytes, x1, i, columns, output + 16);
        FinishFour(s20, s21, s22, s23, w, rowBytes, x2, i, columns, output + 32);
        FinishFour(s30, s31, s32, s33, w, rowBytes, x3, i, columns, output + 48);
    }

    /// <summary>Writes a row as floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Expand(byte* w, int columns, float* output)
    {
        var i = 0;
        for (; i + TLanes.Count <= columns; i += TLanes.Count)
            TLanes.Store(TElement.Load(w, i), output + i);
        for (; i < columns; i++)
            output[i] = TElement.Single(w, i);
    }

    /// <summary>One row times x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float OneRow(byte* w, float* x, int columns)
    {
        var sum = TLanes.Zero;
        var i = 0;
        for (; i + TLanes.Count <= columns; i += TLanes.Count)
            sum = TLanes.MultiplyAdd(TElement.Load(w, i), TLanes.Load(x + i), sum);
        return Finish(sum, w, x, i, columns);
    }

    private static void FinishFour(
        TLanes s0, TLanes s1, TLanes s2, TLanes s3, byte* w, nint rowBytes, float* x, int from, int columns, float* output)
    {
        output[0] = Finish(s0, w, x, from, columns);
        output[1] = Finish(s1, w + rowBytes, x, from, columns);
        output[2] = Finish(s2, w + (2 * rowBytes), x, from, columns);
        output[3] = Finish(s3, w + (3 * rowBytes), x, from, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Finish(TLanes lanes, byte* w, float* x, int from, int columns)
    {
        var sum = TLanes.Sum(lanes);
        for (var i = from; i < columns; i++)
            sum = MathF.FusedMultiplyAdd(TElement.Single(w, i), x[i], sum);
        return sum;
    }
}
