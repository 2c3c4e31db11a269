using Crescent.Engine.Simd;
using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>Keys and values as floats: a page of keys is (16 positions, headSize), one of values (headSize, 16 positions).</summary>
internal readonly unsafe struct SingleKv<TLanes> : IKvFormat
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static bool HasScales => false;

    public static int PageBytes(int headSize) => headSize * KvPage.Slots * sizeof(float);

    public static void StoreKey(byte* page, int slot, float* key, int headSize)
    {
        for (var d = 0; d < headSize; d++)
            ((float*)page)[(d * KvPage.Slots) + slot] = key[d];
    }

    public static void StoreValue(byte* page, int slot, float* value, int headSize) =>
        new ReadOnlySpan<float>(value, headSize).CopyTo(new Span<float>((float*)page + (slot * headSize), headSize));

    public static void Scores(float* q, int rows, byte* page, float* scratch, int headSize, float* scores, int stride) =>
        AttentionKernels<TLanes, SingleElement<TLanes>>.Scores(q, rows, page, headSize, scores, stride);

    public static void Accumulate(float* weights, int stride, int rows, byte* page, float* scratch, int headSize, float* output) =>
        AttentionKernels<TLanes, SingleElement<TLanes>>.Accumulate(weights, stride, rows, page, headSize, output);
}
