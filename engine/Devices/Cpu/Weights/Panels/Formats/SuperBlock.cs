namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>Numbers and scales of the K types, as <see cref="Model.Gguf.SuperBlocks"/> describes them.</summary>
internal static unsafe class SuperBlock
{
    /// <summary>Values in a super-block.</summary>
    public const int Columns = 256;

    /// <summary>Four bits of each number: 64 values in 32 bytes.</summary>
    public static void Nibbles(byte* packed, Span<byte> numbers)
    {
        for (var c = 0; c < Columns; c++)
            numbers[c] = (byte)((packed[(32 * (c / 64)) + (c % 32)] >> (c % 64 < 32 ? 0 : 4)) & 15);
    }

    /// <summary>Two bits of each number: 128 values in 32 bytes.</summary>
    public static void TwoBits(byte* packed, Span<byte> numbers)
    {
        for (var c = 0; c < Columns; c++)
            numbers[c] = (byte)((packed[(32 * (c / 128)) + (c % 32)] >> (2 * (c % 128 / 32))) & 3);
    }

    /// <summary>Six bits of each number of Q6_K.</summary>
    public static void SixBits(byte* low, byte* high, Span<byte> numbers)
    {
        TwoBits(high, numbers);
        for (var c = 0; c < Columns; c++)
        {
            var four = (low[(64 * (c / 128)) + (c % 64)] >> (c % 128 < 64 ? 0 : 4)) & 15;
            numbers[c] = (byte)(four | (numbers[c] << 4));
        }
    }

    /// <summary>Scale and minimum, 0 to 63, of one of eight groups.</summary>
    public static (byte Scale, byte Minimum) ScaleAndMinimum(byte* groups, int group)
        => group < 4
            ? ((byte)(groups[group] & 63), (byte)(groups[group + 4] & 63))
            : ((byte)((groups[group + 4] & 15) | ((groups[group - 4] >> 6) << 4)),
               (byte)((groups[group + 4] >> 4) | ((groups[group] >> 6) << 4)));

    /// <summary>The signed scale, -32 to 31, of one of sixteen groups.</summary>
    public static byte SixBitScale(byte* groups, int scale)
    {
        var low = (groups[scale % 8] >> (scale < 8 ? 0 : 4)) & 15;
        var high = (groups[8 + (scale % 4)] >> (2 * (scale / 4))) & 3;
        return (byte)((low | (high << 4)) - 32);
    }
}
