namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// Dequantisers of the K types: super-blocks of 256 values in groups of 16 or 32, whose scales are quantised themselves.
/// </summary>
internal static class SuperBlocks
{
    /// <summary>
    /// 84 bytes: 0 groups[16] (low four bits scale, high four minimum; a group has 16 values), 16 packed[64], 80 scale f16,
    /// 82 minimum f16. Each 128 values lie in 32 bytes: value 32k + i of them is bits 2k of byte i.
    /// Value = scale * groupScale * q - minimum * groupMinimum.
    /// </summary>
    public static void Q2_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 80);
        var minimum = Dequantizer.Float16(block, 82);
        for (var i = 0; i < GgmlTypes.SuperBlock; i++)
        {
            var group = block[i / 16];
            var q = (block[16 + PackedByte(i)] >> PackedShift(i)) & 3;
            values[i] = (scale * (group & 0xF) * q) - (minimum * (group >> 4));
        }
    }

    /// <summary>
    /// 110 bytes: 0 third bits[32] (bit i / 32 of byte i % 32), 32 packed[64] as in Q2_K, 96 groups[12], 108 scale f16. A third bit
    /// that is off takes 4 away. Value = scale * (groupScale - 32) * q, q from -4 to 3.
    /// </summary>
    public static void Q3_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 108);
        var groups = block.Slice(96, 12);
        for (var i = 0; i < GgmlTypes.SuperBlock; i++)
        {
            var low = (block[32 + PackedByte(i)] >> PackedShift(i)) & 3;
            var third = (block[i % 32] >> (i / 32)) & 1;
            values[i] = scale * (SixBitScale(groups, i / 16) - 32) * (low - (third == 0 ? 4 : 0));
        }
    }

    /// <summary>
    /// 144 bytes: 0 scale f16, 2 minimum f16, 4 groups[12] (a group has 32 values), 16 packed[128]. Each 64 values lie in 32 bytes:
    /// the first 32 in the low four bits, the others in the high. Value = scale * groupScale * q - minimum * groupMinimum.
    /// </summary>
    public static void Q4_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 0);
        var minimum = Dequantizer.Float16(block, 2);
        for (var i = 0; i < GgmlTypes.SuperBlock; i++)
        {
            var (groupScale, groupMinimum) = ScaleAndMinimum(block.Slice(4, 12), i / 32);
            values[i] = (scale * groupScale * Nibble(block[16..], i)) - (minimum * groupMinimum);
        }
    }

    /// <summary>
    /// 176 bytes: 0 scale f16, 2 minimum f16, 4 groups[12] as in Q4_K, 16 fifth bits[32] (bit i / 32 of byte i % 32),
    /// 48 packed[128] as in Q4_K. Value = scale * groupScale * q - minimum * groupMinimum.
    /// </summary>
    public static void Q5_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 0);
        var minimum = Dequantizer.Float16(block, 2);
        for (var i = 0; i < GgmlTypes.SuperBlock; i++)
        {
            var (groupScale, groupMinimum) = ScaleAndMinimum(block.Slice(4, 12), i / 32);
            var fifth = (block[16 + (i % 32)] >> (i / 32)) & 1;
            values[i] = (scale * groupScale * (Nibble(block[48..], i) | (fifth << 4))) - (minimum * groupMinimum);
        }
    }

    /// <summary>
    /// 210 bytes: 0 low[128], 128 high[64], 192 groups i8[16] (a group has 16 values), 208 scale f16. Each 128 values have 64 bytes
    /// of low: their first 64 in the low four bits, the others in the high; and 32 bytes of high: value 32k + i has bits 2k of
    /// byte i. Value = scale * groupScale * (q - 32).
    /// </summary>
    public static void Q6_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 208);
        for (var i = 0; i < GgmlTypes.SuperBlock; i++)
        {
            var (part, inPart) = Math.DivRem(i, 128);
            var low = (block[(64 * part) + (inPart % 64)] >> (inPart < 64 ? 0 : 4)) & 0xF;
            var high = (block[128 + PackedByte(i)] >> PackedShift(i)) & 3;
            values[i] = scale * (sbyte)block[192 + (i / 16)] * ((low | (high << 4)) - 32);
        }
    }

    // Two bits a value: 128 values in 32 bytes, 32 of them at each shift.
    private static int PackedByte(int value) => (32 * (value / 128)) + (value % 32);

    private static int PackedShift(int value) => 2 * (value % 128 / 32);

    // Four bits a value: 64 values in 32 bytes.
    private static int Nibble(ReadOnlySpan<byte> packed, int value)
        => (packed[(32 * (value / 64)) + (value % 32)] >> (value % 64 < 32 ? 0 : 4)) & 0xF;

    // Sixteen scales of six bits in 12 bytes. Low four bits: scales 0 to 7 in the low, 8 to 15 in the high half of bytes 0 to 7.
    // High two: scale s in bits 2(s / 4) of byte 8 + s % 4.
    private static int SixBitScale(ReadOnlySpan<byte> groups, int scale)
    {
        var low = (groups[scale % 8] >> (scale < 8 ? 0 : 4)) & 0xF;
        var high = (groups[8 + (scale % 4)] >> (2 * (scale / 4))) & 3;
        return low | (high << 4);
    }

    // Eight scales and eight minimums of six bits in 12 bytes. Group 0 to 3: the low six bits of byte g and of byte g + 4. Group 4
    // to 7: byte g + 4 has four bits of the scale below four of the minimum; their upper two are left over in bytes g - 4 and g.
    private static (int Scale, int Minimum) ScaleAndMinimum(ReadOnlySpan<byte> groups, int group)
        => group < 4
            ? (groups[group] & 63, groups[group + 4] & 63)
            : ((groups[group + 4] & 0xF) | ((groups[group - 4] >> 6) << 4),
               (groups[group + 4] >> 4) | ((groups[group] >> 6) << 4));
}
