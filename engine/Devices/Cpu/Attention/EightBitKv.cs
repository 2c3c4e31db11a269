using System.Numerics.Tensors;
using Crescent.Engine.Simd;
using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>
/// Keys and values in eight bits, with a scale in half precision for each group of 32 values of a position (16 at the end of a head
/// size that is no multiple of 32). A page of keys is (16 positions, headSize) signed bytes, then scales (16 positions, groups); one of
/// values is (headSize, 16 positions) signed bytes, then scales (groups, 16 positions). A page is turned into floats before use.
/// </summary>
internal readonly unsafe struct EightBitKv<TLanes> : IKvFormat
    where TLanes : unmanaged, ILanes<TLanes>
{
    private const int GroupSize = 32;
    private const int Slots = KvPage.Slots;
    private const float Largest = 127;

    public static bool HasScales => true;

    public static int PageBytes(int headSize) => (headSize * Slots) + (Groups(headSize) * Slots * sizeof(ushort));

    public static void StoreKey(byte* page, int slot, float* key, int headSize)
    {
        var scales = (Half*)(page + (headSize * Slots));
        for (var group = 0; group < Groups(headSize); group++)
        {
            var values = Group(key, group, headSize);
            var inverse = Scale(values, out scales[(group * Slots) + slot]);
            for (var i = 0; i < values.Length; i++)
                ((sbyte*)page)[(((group * GroupSize) + i) * Slots) + slot] = Quantise(values[i], inverse);
        }
    }

    public static void StoreValue(byte* page, int slot, float* value, int headSize)
    {
        var scales = (Half*)(page + (headSize * Slots));
        for (var group = 0; group < Groups(headSize); group++)
        {
            var values = Group(value, group, headSize);
            var inverse = Scale(values, out scales[(slot * Groups(headSize)) + group]);
            for (var i = 0; i < values.Length; i++)
                ((sbyte*)page)[(slot * headSize) + (group * GroupSize) + i] = Quantise(values[i], inverse);
        }
    }

    public static void Scores(float* q, int rows, byte* page, float* scratch, int headSize, float* scores, int stride)
    {
        Span<float> scales = stackalloc float[Slots];
        for (var d = 0; d < headSize; d++)
        {
            if (d % GroupSize == 0)
                TensorPrimitives.ConvertToSingle(new ReadOnlySpan<Half>((Half*)(page + (headSize * Slots)) + (d / GroupSize * Slots), Slots), scales);
            var target = new Span<float>(scratch + (d * Slots), Slots);
            TensorPrimitives.ConvertTruncating(new ReadOnlySpan<sbyte>(page + (d * Slots), Slots), target);
            TensorPrimitives.Multiply(target, scales, target);
        }

        AttentionKernels<TLanes, SingleElement<TLanes>>.Scores(q, rows, (byte*)scratch, headSize, scores, stride);
    }

    public static void Accumulate(float* weights, int stride, int rows, byte* page, float* scratch, int headSize, float* output)
    {
        var scales = (Half*)(page + (headSize * Slots));
        for (var slot = 0; slot < Slots; slot++)
        {
            for (var group = 0; group < Groups(headSize); group++)
            {
                var at = (slot * headSize) + (group * GroupSize);
                var target = Group(scratch + (slot * headSize), group, headSize);
                TensorPrimitives.ConvertTruncating(new ReadOnlySpan<sbyte>(page + at, target.Length), target);
                TensorPrimitives.Multiply(target, (float)scales[(slot * Groups(headSize)) + group], target);
            }
        }

        AttentionKernels<TLanes, SingleElement<TLanes>>.Accumulate(weights, stride, rows, (byte*)scratch, headSize, output);
    }

    private static int Groups(int headSize) => (headSize + GroupSize - 1) / GroupSize;

    private static Span<float> Group(float* head, int group, int headSize) =>
        new(head + (group * GroupSize), Math.Min(GroupSize, headSize - (group * GroupSize)));

    /// <summary>Stores the scale of a group and gives what its values are to be multiplied by.</summary>
    private static float Scale(ReadOnlySpan<float> values, out Half scale)
    {
        scale = (Half)Math.Min(Math.Abs(TensorPrimitives.MaxMagnitude(values)) / Largest, (float)Half.MaxValue);
        return scale > (Half)0 ? 1 / (float)scale : 0;
    }

    private static sbyte Quantise(float value, float inverse) => (sbyte)Math.Clamp(MathF.Round(value * inverse), -Largest, Largest);
}
