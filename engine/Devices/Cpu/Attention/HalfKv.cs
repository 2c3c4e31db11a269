using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;
using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// Keys and values in half precision. A page of keys is transposed, (16 positions, headSize), so that scores of 16 positions come
/// in the lanes of a vector; one of values is (headSize, 16 positions).
/// </summary>
internal readonly unsafe struct HalfKv<TLanes> : IKvFormat
    where TLanes : unmanaged, ILanes<TLanes>
{
    // From this many rows on it pays to turn a page into floats once.
    private const int ExpandFrom = 9;

    public static bool HasScales => false;

    public static int PageBytes(int headSize) => headSize * KvPage.Slots * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreKey(byte* page, int slot, float* key, int headSize)
    {
        var halves = stackalloc ushort[16];
        var target = (ushort*)page + slot;
        for (var d = 0; d < headSize; d += TLanes.Count)
        {
            TLanes.StoreHalf(Clamp(TLanes.Load(key + d)), halves);
            for (var i = 0; i < TLanes.Count; i++)
                target[(d + i) * KvPage.Slots] = halves[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreValue(byte* page, int slot, float* value, int headSize)
    {
        var target = (ushort*)page + (slot * headSize);
        for (var d = 0; d < headSize; d += TLanes.Count)
            TLanes.StoreHalf(Clamp(TLanes.Load(value + d)), target + d);
    }

    public static void Scores(float* q, int rows, byte* page, float* scratch, int headSize, float* scores, int stride)
    {
        if (rows < ExpandFrom)
        {
            AttentionKernels<TLanes, HalfElement<TLanes>>.Scores(q, rows, page, headSize, scores, stride);
            return;
        }

        Expand((ushort*)page, scratch, headSize * KvPage.Slots);
        AttentionKernels<TLanes, SingleElement<TLanes>>.Scores(q, rows, (byte*)scratch, headSize, scores, stride);
    }

    public static void Accumulate(float* weights, int stride, int rows, byte* page, float* scratch, int headSize, float* output)
    {
        if (rows < ExpandFrom)
        {
            AttentionKernels<TLanes, HalfElement<TLanes>>.Accumulate(weights, stride, rows, page, headSize, output);
            return;
        }

        Expand((ushort*)page, scratch, headSize * KvPage.Slots);
        AttentionKernels<TLanes, SingleElement<TLanes>>.Accumulate(weights, stride, rows, (byte*)scratch, headSize, output);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Expand(ushort* halves, float* floats, int count)
    {
        var scale = TLanes.Create(HalfBits.Scale);
        for (var i = 0; i < count; i += TLanes.Count)
            TLanes.Store(TLanes.LoadHalf(halves + i) * scale, floats + i);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes Clamp(TLanes value) =>
        TLanes.Min(TLanes.Max(value, TLanes.Create(-HalfBits.Largest)), TLanes.Create(HalfBits.Largest));
}
