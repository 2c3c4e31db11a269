using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;
using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// Query rows against one page of 16 positions, up to four rows at a time. Each score is summed over the dimensions in order and
/// each output over the positions in order, whichever rows are computed together and however the page's elements are stored.
/// </summary>
internal static unsafe class AttentionKernels<TLanes, TElement>
    where TLanes : unmanaged, ILanes<TLanes>
    where TElement : IRowElement<TLanes>
{
    private const MethodImplOptions Kernel = MethodImplOptions.AggressiveOptimization;

    /// <summary>scores[r][p] = q[r] . k[p] for all rows and the positions of a page.</summary>
    /// <param name="q">(headSize, rows).</param>
    /// <param name="rows">Rows.</param>
    /// <param name="keys">(16, headSize).</param>
    /// <param name="headSize">Multiple of 16.</param>
    /// <param name="scores">Row r's 16 scores at r * <paramref name="stride"/>.</param>
    /// <param name="stride">Floats between rows of scores.</param>
    public static void Scores(float* q, int rows, byte* keys, int headSize, float* scores, int stride)
    {
        for (var r = 0; r < rows; r += 4, q += 4 * headSize, scores += 4 * stride)
        {
            switch (rows - r)
            {
                case 1:
                    Scores<One>(q, keys, headSize, scores, stride);
                    break;
                case 2:
                    Scores<Two>(q, keys, headSize, scores, stride);
                    break;
                case 3:
                    Scores<Three>(q, keys, headSize, scores, stride);
                    break;
                default:
                    Scores<Four>(q, keys, headSize, scores, stride);
                    break;
            }
        }
    }

    /// <summary>output[r] += sum over positions p of weights[r][p] * v[p] for all rows.</summary>
    /// <param name="weights">Row r's 16 weights at r * <paramref name="stride"/>.</param>
    /// <param name="stride">Floats between rows of weights.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="values">(headSize, 16).</param>
    /// <param name="headSize">Multiple of 16.</param>
    /// <param name="output">(headSize, rows).</param>
    public static void Accumulate(float* weights, int stride, int rows, byte* values, int headSize, float* output)
    {
        for (var r = 0; r < rows; r += 4, weights += 4 * stride, output += 4 * headSize)
        {
            switch (rows - r)
            {
                case 1:
                    Accumulate<One>(weights, stride, values, headSize, output);
                    break;
                case 2:
                    Accumulate<Two>(weights, stride, values, headSize, output);
                    break;
                case 3:
                    Accumulate<Three>(weights, stride, values, headSize, output);
                    break;
                default:
                    Accumulate<Four>(weights, stride, values, headSize, output);
                    break;
            }
        }
    }

    // TRows.Count is a constant to the compiler, which drops the rows that are not there. Rows that are not there are not read.
    [MethodImpl(Kernel)]
    private static void Scores<TRows>(float* q, byte* keys, int headSize, float* scores, int stride)
        where TRows : IRowCount
    {
        float* q1 = q + headSize, q2 = q1 + headSize, q3 = q2 + headSize;
        for (var p = 0; p < KvPage.Slots; p += TLanes.Count)
        {
            TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
            for (var d = 0; d < headSize; d++)
            {
                var key = TElement.Load(keys, (d * KvPage.Slots) + p);
                s0 = TLanes.MultiplyAdd(key, TLanes.Create(q[d]), s0);
                if (TRows.Count > 1)
                    s1 = TLanes.MultiplyAdd(key, TLanes.Create(q1[d]), s1);
                if (TRows.Count > 2)
                    s2 = TLanes.MultiplyAdd(key, TLanes.Create(q2[d]), s2);
                if (TRows.Count > 3)
                    s3 = TLanes.MultiplyAdd(key, TLanes.Create(q3[d]), s3);
            }

            TLanes.Store(s0, scores + p);
            if (TRows.Count > 1)
                TLanes.Store(s1, scores + stride + p);
            if (TRows.Count > 2)
                TLanes.Store(s2, scores + (2 * stride) + p);
            if (TRows.Count > 3)
                TLanes.Store(s3, scores + (3 * stride) + p);
        }
    }

    [MethodImpl(Kernel)]
    private static void Accumulate<TRows>(float* weights, int stride, byte* values, int headSize, float* output)
        where TRows : IRowCount
    {
        var d = 0;
        for (; d + (2 * TLanes.Count) <= headSize; d += 2 * TLanes.Count)
            AccumulateColumns<TRows, Two>(weights, stride, values, headSize, output, d);
        for (; d < headSize; d += TLanes.Count)
            AccumulateColumns<TRows, One>(weights, stride, values, headSize, output, d);
    }

    /// <summary>One or two vectors of the output, from dimension <paramref name="d"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AccumulateColumns<TRows, TVectors>(float* weights, int stride, byte* values, int headSize, float* output, int d)
        where TRows : IRowCount
        where TVectors : IRowCount
    {
        float* w1 = weights + stride, w2 = w1 + stride, w3 = w2 + stride;
        float* o0 = output + d, o1 = o0 + headSize, o2 = o1 + headSize, o3 = o2 + headSize;
        TLanes s0 = TLanes.Load(o0), s1 = Start<TRows, One>(o1), s2 = Start<TRows, Two>(o2), s3 = Start<TRows, Three>(o3);
        TLanes t0 = TLanes.Zero, t1 = TLanes.Zero, t2 = TLanes.Zero, t3 = TLanes.Zero;
        if (TVectors.Count > 1)
        {
            t0 = TLanes.Load(o0 + TLanes.Count);
            t1 = Start<TRows, One>(o1 + TLanes.Count);
            t2 = Start<TRows, Two>(o2 + TLanes.Count);
            t3 = Start<TRows, Three>(o3 + TLanes.Count);
        }

        for (var p = 0; p < KvPage.Slots; p++)
        {
            var a = TElement.Load(values, (p * headSize) + d);
            var b = TVectors.Count > 1 ? TElement.Load(values, (p * headSize) + d + TLanes.Count) : a;
            Step<TVectors>(a, b, weights[p], ref s0, ref t0);
            if (TRows.Count > 1)
                Step<TVectors>(a, b, w1[p], ref s1, ref t1);
            if (TRows.Count > 2)
                Step<TVectors>(a, b, w2[p], ref s2, ref t2);
            if (TRows.Count > 3)
                Step<TVectors>(a, b, w3[p], ref s3, ref t3);
        }

        Finish<TVectors>(s0, t0, o0);
        if (TRows.Count > 1)
            Finish<TVectors>(s1, t1, o1);
        if (TRows.Count > 2)
            Finish<TVectors>(s2, t2, o2);
        if (TRows.Count > 3)
            Finish<TVectors>(s3, t3, o3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Start<TRows, TBefore>(float* output)
        where TRows : IRowCount
        where TBefore : IRowCount
        => TRows.Count > TBefore.Count ? TLanes.Load(output) : TLanes.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TVectors>(TLanes a, TLanes b, float weight, ref TLanes s, ref TLanes t)
        where TVectors : IRowCount
    {
        var w = TLanes.Create(weight);
        s = TLanes.MultiplyAdd(a, w, s);
        if (TVectors.Count > 1)
            t = TLanes.MultiplyAdd(b, w, t);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TVectors>(TLanes s, TLanes t, float* output)
        where TVectors : IRowCount
    {
        TLanes.Store(s, output);
        if (TVectors.Count > 1)
            TLanes.Store(t, output + TLanes.Count);
    }

    private interface IRowCount
    {
        static abstract int Count { get; }
    }

    private readonly struct One : IRowCount
    {
        public static int Count => 1;
    }

    private readonly struct Two : IRowCount
    {
        public static int Count => 2;
    }

    private readonly struct Three : IRowCount
    {
        public static int Count => 3;
    }

    private readonly struct Four : IRowCount
    {
        public static int Count => 4;
    }
}
