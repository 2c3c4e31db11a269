using System.Buffers.Binary;

namespace Crescent.Engine.Model.Gguf;

/// <summary>Dequantisers of the IQ4 types and of MXFP4, whose four bits choose one of sixteen levels that lie closer around zero.</summary>
internal static class NonLinearBlocks
{
    private const int Group = 32;

    /// <summary>The level of each four-bit code.</summary>
    public static ReadOnlySpan<sbyte> Levels => [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];

    /// <summary>18 bytes: 0 scale f16, 2 packed[16] as in Q4_0. Value = scale * level[q].</summary>
    public static void IQ4_NL(ReadOnlySpan<byte> block, Span<float> values)
        => ReadGroup(Dequantizer.Float16(block, 0), block[2..], values);

    /// <summary>
    /// 136 bytes: 0 scale f16, 2 high scale bits u16 (two for each of 8 groups), 4 low scale bits[4] (four for each group, the even
    /// group in the low half), 8 packed[128], 16 bytes a group as in Q4_0. Value = scale * (groupScale - 32) * level[q].
    /// </summary>
    public static void IQ4_XS(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 0);
        var high = BinaryPrimitives.ReadUInt16LittleEndian(block[2..]);
        for (var group = 0; group < GgmlTypes.SuperBlock / Group; group++)
        {
            var low = (block[4 + (group / 2)] >> (4 * (group % 2))) & 0xF;
            var groupScale = low | (((high >> (2 * group)) & 3) << 4);
            ReadGroup(scale * (groupScale - 32), block.Slice(8 + (16 * group), 16), values.Slice(Group * group, Group));
        }
    }

    /// <summary>Twice the value of each four-bit code of MXFP4: a sign, two bits of an exponent and one of a mantissa.</summary>
    public static ReadOnlySpan<sbyte> DoubledCodes => [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

    /// <summary>
    /// 17 bytes: 0 exponent u8, 1 packed[16] as in Q4_0. Value = 2^(exponent - 127) * code, of the OCP Microscaling Formats
    /// (https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf).
    /// </summary>
    public static void MXFP4(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = MathF.ScaleB(1, block[0] - 128);
        for (var i = 0; i < Group / 2; i++)
        {
            values[i] = scale * DoubledCodes[block[1 + i] & 0xF];
            values[i + (Group / 2)] = scale * DoubledCodes[block[1 + i] >> 4];
        }
    }

    /// <summary>
    /// 36 bytes: 0 scale[4] of eight bits (no sign, four of an exponent, three of a mantissa), one for each 16 values; 4 packed[32], eight bytes a group: byte i has
    /// value i of the group in its low half and value i + 8 in its high half. Value = scale * code, of the codes of MXFP4.
    /// </summary>
    public static void NVFP4(ReadOnlySpan<byte> block, Span<float> values)
    {
        const int Groups = 4, Half = 8;
        for (var group = 0; group < Groups; group++)
        {
            var scale = EightBitScale(block[group]) / 2;
            for (var i = 0; i < Half; i++)
            {
                var packed = block[Groups + (group * Half) + i];
                values[(2 * Half * group) + i] = scale * DoubledCodes[packed & 0xF];
                values[(2 * Half * group) + Half + i] = scale * DoubledCodes[packed >> 4];
            }
        }
    }

    /// <summary>A scale of NVFP4. The greatest is no number in the format, and 0 here; of the sign, which files do not set, nothing is made, as ggml makes nothing of it.</summary>
    internal static float EightBitScale(byte bits)
    {
        var (exponent, mantissa) = ((bits >> 3) & 0xF, bits & 7);
        return bits == 0x7F ? 0 : exponent == 0 ? MathF.ScaleB(mantissa, -9) : MathF.ScaleB(8 + mantissa, exponent - 10);
    }

    private static void ReadGroup(float scale, ReadOnlySpan<byte> packed, Span<float> values)
    {
        for (var i = 0; i < Group / 2; i++)
        {
            values[i] = scale * Levels[packed[i] & 0xF];
            values[i + (Group / 2)] = scale * Levels[packed[i] >> 4];
        }
    }
}
