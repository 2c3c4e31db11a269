using System.Buffers.Binary;
using System.Numerics;

namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// Dequantisers of the IQ1, IQ2 and IQ3 types: super-blocks of 256 values whose indices choose several values at once from a <see cref="CodeBook"/>. Value = scale *
/// groupScale * number, with a group of 16 values; all of it is exact in float32.
/// </summary>
internal static class CodeBookBlocks
{
    /// <summary>Groups of 16 values.</summary>
    public const int Groups = 16;

    private const int Part = 32;
    private const int Parts = GgmlTypes.SuperBlock / Part;

    public static void IQ1_S(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadIQ1_S, block, values);

    public static void IQ1_M(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadIQ1_M, block, values);

    public static void IQ2_XXS(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadIQ2_XXS, block, values);

    public static void IQ2_XS(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadIQ2_XS, block, values);

    public static void IQ2_S(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadIQ2_S, block, values);

    public static void IQ3_XXS(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadIQ3_XXS, block, values);

    public static void IQ3_S(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadIQ3_S, block, values);

    /// <summary>
    /// 50 bytes: 0 scale f16, 2 low indices[32], 34 parts u16[8]. A part of 32 values: three upper bits of each of four indices, three of its scale, and whether an eighth
    /// is taken from all values or added. Numbers are eight times the book's, and one more or less.
    /// </summary>
    public static float ReadIQ1_S(ReadOnlySpan<byte> block, Span<sbyte> numbers, Span<byte> scales)
    {
        for (var part = 0; part < Parts; part++)
        {
            var bits = BinaryPrimitives.ReadUInt16LittleEndian(block[(34 + (2 * part))..]);
            scales[2 * part] = scales[(2 * part) + 1] = Odd(bits >> 12, 7);
            for (var i = 0; i < 4; i++)
            {
                var at = (4 * part) + i;
                Shifted(block[2 + at] | (((bits >> (3 * i)) & 7) << 8), (bits & 0x8000) != 0, numbers.Slice(8 * at, 8));
            }
        }

        return Dequantizer.Float16(block, 0) / 8;
    }

    /// <summary>
    /// 56 bytes: 0 low indices[32], 32 upper bits[16], four for each index: three of it, and whether an eighth is taken from its values or added; 48 scales u16[4]: three
    /// bits for each of four groups, and four bits of the scale f16, the lowest in the first. Numbers as in IQ1_S.
    /// </summary>
    public static float ReadIQ1_M(ReadOnlySpan<byte> block, Span<sbyte> numbers, Span<byte> scales)
    {
        var scale = 0;
        for (var group = 0; group < Groups; group++)
        {
            var word = BinaryPrimitives.ReadUInt16LittleEndian(block[(48 + (group / 4 * 2))..]);
            scales[group] = Odd(word >> (3 * (group % 4)), 7);
            scale |= word >> 12 << (group / 4 * 4);
        }

        for (var i = 0; i < GgmlTypes.SuperBlock / 8; i++)
        {
            var upper = block[32 + (i / 2)] >> (4 * (i % 2));
            Shifted(block[i] | ((upper & 7) << 8), (upper & 8) != 0, numbers.Slice(8 * i, 8));
        }

        return (float)BitConverter.UInt16BitsToHalf((ushort)scale) / 8;
    }

    /// <summary>
    /// 66 bytes: 0 scale f16, 2 parts[8] of 8 bytes: four indices of a byte, then u32: seven bits for the signs of each, and four of the part's scale. The eighth sign makes
    /// their number even.
    /// </summary>
    public static float ReadIQ2_XXS(ReadOnlySpan<byte> block, Span<sbyte> numbers, Span<byte> scales)
    {
        for (var part = 0; part < Parts; part++)
        {
            var bytes = block.Slice(2 + (8 * part), 8);
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            scales[2 * part] = scales[(2 * part) + 1] = Odd((int)(bits >> 28), 15);
            for (var i = 0; i < 4; i++)
            {
                Signed(CodeBook.IQ2_XXS[bytes[i]], EvenSigns((int)(bits >> (7 * i))), numbers.Slice((Part * part) + (8 * i), 8));
            }
        }

        return Dequantizer.Float16(block, 0) / 8;
    }

    /// <summary>
    /// 74 bytes: 0 scale f16, 2 codes u16[32]: nine bits of an index, seven of its signs as in IQ2_XXS; 66 scales[8]: four bits for each group, the even ones low.
    /// </summary>
    public static float ReadIQ2_XS(ReadOnlySpan<byte> block, Span<sbyte> numbers, Span<byte> scales)
    {
        FourBitScales(block.Slice(66, 8), scales);
        for (var i = 0; i < GgmlTypes.SuperBlock / 8; i++)
        {
            var code = BinaryPrimitives.ReadUInt16LittleEndian(block[(2 + (2 * i))..]);
            Signed(CodeBook.IQ2_XS[code & 511], EvenSigns(code >> 9), numbers.Slice(8 * i, 8));
        }

        return Dequantizer.Float16(block, 0) / 8;
    }

    /// <summary>82 bytes: 0 scale f16, 2 low indices[32], 34 signs[32], 66 upper bits[8], two for each of four indices, 74 scales[8] as in IQ2_XS.</summary>
    public static float ReadIQ2_S(ReadOnlySpan<byte> block, Span<sbyte> numbers, Span<byte> scales)
    {
        FourBitScales(block.Slice(74, 8), scales);
        for (var i = 0; i < GgmlTypes.SuperBlock / 8; i++)
        {
            var index = block[2 + i] | (((block[66 + (i / 4)] >> (2 * (i % 4))) & 3) << 8);
            Signed(CodeBook.IQ2_S[index], block[34 + i], numbers.Slice(8 * i, 8));
        }

        return Dequantizer.Float16(block, 0) / 8;
    }

    /// <summary>98 bytes: 0 scale f16, 2 indices[64], each of four values, 66 parts u32[8]: signs of eight values, and the scale, as in IQ2_XXS.</summary>
    public static float ReadIQ3_XXS(ReadOnlySpan<byte> block, Span<sbyte> numbers, Span<byte> scales)
    {
        for (var part = 0; part < Parts; part++)
        {
            var bits = BinaryPrimitives.ReadUInt32LittleEndian(block[(66 + (4 * part))..]);
            scales[2 * part] = scales[(2 * part) + 1] = Odd((int)(bits >> 28), 15);
            for (var i = 0; i < 8; i++)
            {
                var signs = EvenSigns((int)(bits >> (7 * (i / 2))));
                Signed(CodeBook.IQ3_XXS[block[2 + (8 * part) + i]], signs >> (4 * (i % 2)), numbers.Slice((Part * part) + (4 * i), 4));
            }
        }

        return Dequantizer.Float16(block, 0) / 4;
    }

    /// <summary>
    /// 110 bytes: 0 scale f16, 2 low indices[64], 66 upper bits[8], one for each of eight indices, 74 signs[32], 106 scales[4]: four bits for each part of 32 values.
    /// </summary>
    public static float ReadIQ3_S(ReadOnlySpan<byte> block, Span<sbyte> numbers, Span<byte> scales)
    {
        for (var part = 0; part < Parts; part++)
        {
            scales[2 * part] = scales[(2 * part) + 1] = Odd(block[106 + (part / 2)] >> (4 * (part % 2)), 15);
        }

        for (var i = 0; i < GgmlTypes.SuperBlock / 4; i++)
        {
            var index = block[2 + i] | (((block[66 + (i / 8)] >> (i % 8)) & 1) << 8);
            Signed(CodeBook.IQ3_S[index], block[74 + (i / 2)] >> (4 * (i % 2)), numbers.Slice(4 * i, 4));
        }

        return Dequantizer.Float16(block, 0);
    }

    /// <summary>Reads a super-block.</summary>
    /// <param name="block">The super-block.</param>
    /// <param name="numbers">(256): its numbers.</param>
    /// <param name="scales">(16): the scale of each group, odd and at most 31.</param>
    /// <returns>Its scale.</returns>
    internal delegate float Reader(ReadOnlySpan<byte> block, Span<sbyte> numbers, Span<byte> scales);

    private static void Scale(Reader read, ReadOnlySpan<byte> block, Span<float> values)
    {
        Span<sbyte> numbers = stackalloc sbyte[GgmlTypes.SuperBlock];
        Span<byte> scales = stackalloc byte[Groups];
        var scale = read(block, numbers, scales);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = scale * scales[i / 16] * numbers[i];
        }
    }

    // A half is put to each scale: twice it is odd.
    private static byte Odd(int bits, int mask) => (byte)((2 * (bits & mask)) + 1);

    private static void FourBitScales(ReadOnlySpan<byte> packed, Span<byte> scales)
    {
        for (var group = 0; group < Groups; group++)
        {
            scales[group] = Odd(packed[group / 2] >> (4 * (group % 2)), 15);
        }
    }

    private static int EvenSigns(int bits) => (bits & 127) | ((BitOperations.PopCount((uint)bits & 127) & 1) << 7);

    private static void Signed(ReadOnlySpan<sbyte> entry, int signs, Span<sbyte> numbers)
    {
        for (var i = 0; i < entry.Length; i++)
        {
            numbers[i] = (signs & (1 << i)) != 0 ? (sbyte)-entry[i] : entry[i];
        }
    }

    private static void Shifted(int index, bool down, Span<sbyte> numbers)
    {
        var entry = CodeBook.IQ1[index];
        for (var i = 0; i < entry.Length; i++)
        {
            numbers[i] = (sbyte)((8 * entry[i]) + (down ? -1 : 1));
        }
    }
}
