namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// Q4_0: 4 groups x (16 rows x 4 bytes), then 16 scales: 288 bytes for 16 x 18 in the file. Byte k of group g holds column 4 g + k
/// in its low nibble and column 16 + 4 g + k in its high one, each number + 8, as a block of the file does.
/// </summary>
internal readonly unsafe struct Q4Nibbles : IPanelFormat
{
    public static int SourceBytes => 18;

    public static int Groups => 4;

    public static int RowBytes => 4;

    public static int Offset => 8;

    public static bool HasMinimum => false;

    public static ActivationFormat Activations => ActivationFormat.Bytes;

    public static void Pack(byte* source, byte* block, int row)
    {
        var numbers = (uint*)(source + 2);
        for (var g = 0; g < Groups; g++)
            ((uint*)(block + (g * PanelLayout<Q4Nibbles>.GroupBytes)))[row] = numbers[g];
        ((ushort*)(block + PanelLayout<Q4Nibbles>.Scales))[row] = *(ushort*)source;
    }
}
