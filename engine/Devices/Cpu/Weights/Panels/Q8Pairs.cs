namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// Q8_0 in groups of two columns, for kernels that widen weights to 16 bits: 16 groups x (16 rows x 2 signed bytes) = 512 bytes,
/// then 16 scales: 544 bytes for 16 x 34 in the file. Activations have 16 bits too, since they cost these kernels no more; a
/// block's sum, at most 32 * 128 * 32,767, still fits 32 bits.
/// </summary>
internal readonly unsafe struct Q8Pairs : IPanelFormat
{
    public static int SourceBytes => 34;

    public static int Groups => 16;

    public static int RowBytes => 2;

    public static int Offset => 0;

    public static bool HasMinimum => false;

    public static ActivationFormat Activations => ActivationFormat.Words;

    public static void Pack(byte* source, byte* block, int row)
    {
        var numbers = (ushort*)(source + 2);
        for (var g = 0; g < Groups; g++)
            ((ushort*)(block + (g * PanelLayout<Q8Pairs>.GroupBytes)))[row] = numbers[g];
        ((ushort*)(block + PanelLayout<Q8Pairs>.Scales))[row] = *(ushort*)source;
    }
}
