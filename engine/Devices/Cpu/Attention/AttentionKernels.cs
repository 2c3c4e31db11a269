using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Simd;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// Four query rows against one page of 16 positions. Each score is summed over the dimensions in order and each output over the
/// positions in order, whichever rows are computed together.
/// </summary>
internal static unsafe class AttentionKernels<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const MethodImplOptions Kernel = MethodImplOptions.AggressiveOptimization;

    /// <summary>Rows that a call takes.</summary>
    public const int Rows = 4;

    /// <summary>scores[r][p] = q[r] . k[p] for four rows and the positions of a page.</summary>
    /// <param name="q">Four rows of <paramref name="headSize"/>.</param>
    /// <param name="keys">(16, headSize).</param>
    /// <param name="headSize">Multiple of 16.</param>
    /// <param name="scores">Row r's 16 scores at r * <paramref name="stride"/>.</param>
    /// <param name="stride">Floats between rows of scores.</param>
    [MethodImpl(Kernel)]
    public static void Scores(float* q, float* keys, int headSize, float* scores, int stride)
    {
        float* q1 = q + headSize, q2 = q1 + headSize, q3 = q2 + headSize;
        for (var p = 0; p < StepPlan.BlockSize; p += TLanes.Count)
        {
            TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
            var k = keys + p;
            for (var d = 0; d < headSize; d++, k += StepPlan.BlockSize)
            {
                var key = TLanes.Load(k);
                s0 = TLanes.MultiplyAdd(key, TLanes.Create(q[d]), s0);
                s1 = TLanes.MultiplyAdd(key, TLanes.Create(q1[d]), s1);
                s2 = TLanes.MultiplyAdd(key, TLanes.Create(q2[d]), s2);
                s3 = TLanes.MultiplyAdd(key, TLanes.Create(q3[d]), s3);
            }

            TLanes.Store(s0, scores + p);
            TLanes.Store(s1, scores + stride + p);
            TLanes.Store(s2, scores + (2 * stride) + p);
            TLanes.Store(s3, scores + (3 * stride) + p);
        }
    }

    /// <summary>output[r] += sum over positions p of weights[r][p] * v[p] for four rows.</summary>
    /// <param name="weights">Row r's 16 weights at r * <paramref name="stride"/>.</param>
    /// <param name="stride">Floats between rows of weights.</param>
    /// <param name="values">(headSize, 16).</param>
    /// <param name="headSize">Multiple of 16.</param>
    /// <param name="output">Four rows of <paramref name="headSize"/>.</param>
    [MethodImpl(Kernel)]
    public static void Accumulate(float* weights, int stride, float* values, int headSize, float* output)
    {
        float* w1 = weights + stride, w2 = w1 + stride, w3 = w2 + stride;
        float* o1 = output + headSize, o2 = o1 + headSize, o3 = o2 + headSize;
        var d = 0;
        for (; d + (2 * TLanes.Count) <= headSize; d += 2 * TLanes.Count)
        {
            var e = d + TLanes.Count;
            TLanes s0 = TLanes.Load(output + d), s1 = TLanes.Load(o1 + d), s2 = TLanes.Load(o2 + d), s3 = TLanes.Load(o3 + d);
            TLanes t0 = TLanes.Load(output + e), t1 = TLanes.Load(o1 + e), t2 = TLanes.Load(o2 + e), t3 = TLanes.Load(o3 + e);
            var v = values + d;
            for (var p = 0; p < StepPlan.BlockSize; p++, v += headSize)
            {
                TLanes a = TLanes.Load(v), b = TLanes.Load(v + TLanes.Count);
                var w = TLanes.Create(weights[p]);
                s0 = TLanes.MultiplyAdd(a, w, s0);
                t0 = TLanes.MultiplyAdd(b, w, t0);
                w = TLanes.Create(w1[p]);
                s1 = TLanes.MultiplyAdd(a, w, s1);
                t1 = TLanes.MultiplyAdd(b, w, t1);
                w = TLanes.Create(w2[p]);
                s2 = TLanes.MultiplyAdd(a, w, s2);
                t2 = TLanes.MultiplyAdd(b, w, t2);
                w = TLanes.Create(w3[p]);
                s3 = TLanes.MultiplyAdd(a, w, s3);
                t3 = TLanes.MultiplyAdd(b, w, t3);
            }

            TLanes.Store(s0, output + d);
            TLanes.Store(s1, o1 + d);
            TLanes.Store(s2, o2 + d);
            TLanes.Store(s3, o3 + d);
            TLanes.Store(t0, output + e);
            TLanes.Store(t1, o1 + e);
            TLanes.Store(t2, o2 + e);
            TLanes.Store(t3, o3 + e);
        }

        for (; d < headSize; d += TLanes.Count)
        {
            TLanes s0 = TLanes.Load(output + d), s1 = TLanes.Load(o1 + d), s2 = TLanes.Load(o2 + d), s3 = TLanes.Load(o3 + d);
            var v = values + d;
            for (var p = 0; p < StepPlan.BlockSize; p++, v += headSize)
            {
                var a = TLanes.Load(v);
                s0 = TLanes.MultiplyAdd(a, TLanes.Create(weights[p]), s0);
                s1 = TLanes.MultiplyAdd(a, TLanes.Create(w1[p]), s1);
                s2 = TLanes.MultiplyAdd(a, TLanes.Create(w2[p]), s2);
                s3 = TLanes.MultiplyAdd(a, TLanes.Create(w3[p]), s3);
            }

            TLanes.Store(s0, output + d);
            TLanes.Store(s1, o1 + d);
            TLanes.Store(s2, o2 + d);
            TLanes.Store(s3, o3 + d);
        }
    }
}
