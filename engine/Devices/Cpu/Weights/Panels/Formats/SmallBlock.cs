namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>Numbers of the types with blocks of 32, as <see cref="Model.Gguf.SmallBlocks"/> describes them.</summary>
internal static unsafe class SmallBlock
{
    /// <summary>The four bits of each number.</summary>
    public static void Nibbles(byte* packed, Span<byte> numbers)
    {
        for (var c = 0; c < 16; c++)
        {
            numbers[c] = (byte)(packed[c] & 15);
            numbers[c + 16] = (byte)(packed[c] >> 4);
        }
    }

    /// <summary>Adds the fifth.</summary>
    public static void AddFifthBits(uint fifths, Span<byte> numbers)
    {
        for (var c = 0; c < 32; c++)
            numbers[c] |= (byte)(((fifths >> c) & 1) << 4);
    }
}
