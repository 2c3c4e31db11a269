namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// Q4_1: as <see cref="Q4Nibbles"/>, but numbers of 0 to 15 and 16 minima after the scales: 320 bytes for 16 x 20 in the file.
/// </summary>
internal readonly unsafe struct Q4NibblesMinimum : IPanelFormat
{
    public static int SourceBytes => 20;

    public static int Groups => 4;

    public static int RowBytes => 4;

    public static int Offset => 0;

    public static bool HasMinimum => true;

    public static ActivationFormat Activations => ActivationFormat.Bytes;

    public static void Pack(byte* source, byte* block, int row)
    {
        var numbers = (uint*)(source + 4);
        for (var g = 0; g < Groups; g++)
            ((uint*)(block + (g * PanelLayout<Q4NibblesMinimum>.GroupBytes)))[row] = numbers[g];
        ((ushort*)(block + PanelLayout<Q4NibblesMinimum>.Scales))[row] = ((ushort*)source)[0];
        ((ushort*)(block + PanelLayout<Q4NibblesMinimum>.Minima))[row] = ((ushort*)source)[1];
    }
}
