namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// Q8_0 in groups of four columns, for AVX-VNNI, which multiplies unsigned by signed bytes: 8 groups x (16 rows x 4 bytes, each
/// number + 128) = 512 bytes, then 16 scales: 544 bytes for 16 x 34 in the file.
/// </summary>
internal readonly unsafe struct Q8Quads : IPanelFormat
{
    public static int SourceBytes => 34;

    public static int Groups => 8;

    public static int RowBytes => 4;

    public static int Offset => 128;

    public static bool HasMinimum => false;

    public static ActivationFormat Activations => ActivationFormat.Bytes;

    public static void Pack(byte* source, byte* block, int row)
    {
        var numbers = (uint*)(source + 2);
        for (var g = 0; g < Groups; g++)
            ((uint*)(block + (g * PanelLayout<Q8Quads>.GroupBytes)))[row] = numbers[g] ^ 0x80808080;
        ((ushort*)(block + PanelLayout<Q8Quads>.Scales))[row] = *(ushort*)source;
    }
}
