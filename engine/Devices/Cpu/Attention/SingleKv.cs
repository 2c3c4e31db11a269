namespace Crescent.Engine.Devices.Cpu.Attention;

/// <summary>Keys and values as floats: a page of keys is (16 positions, headSize), one of values (headSize, 16 positions).</summary>
internal readonly unsafe struct SingleKv : IKvFormat
{
    public static int PageBytes(int headSize) => headSize * StepPlan.BlockSize * sizeof(float);

    public static void StoreKey(byte* page, int slot, float* key, int headSize)
    {
        for (var d = 0; d < headSize; d++)
            ((float*)page)[(d * StepPlan.BlockSize) + slot] = key[d];
    }

    public static void StoreValue(byte* page, int slot, float* value, int headSize) =>
        new ReadOnlySpan<float>(value, headSize).CopyTo(new Span<float>((float*)page + (slot * headSize), headSize));

    public static void LoadKeys(byte* page, float* keys, int headSize) => Copy(page, keys, headSize);

    public static void LoadValues(byte* page, float* values, int headSize) => Copy(page, values, headSize);

    private static void Copy(byte* page, float* target, int headSize) =>
        new ReadOnlySpan<byte>(page, PageBytes(headSize)).CopyTo(new Span<byte>(target, PageBytes(headSize)));
}
