namespace Crescent.Engine.Model.Gguf;

/// <summary>Dequantisers of the types of one and two bits, and of those with three levels, that have one scale a block: value = scale * number.</summary>
internal static class FewBitBlocks
{
    public static void Q1_0(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadQ1_0, block, values);

    public static void Q2_0(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadQ2_0, block, values);

    public static void TQ1_0(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadTQ1_0, block, values);

    public static void TQ2_0(ReadOnlySpan<byte> block, Span<float> values) => Scale(ReadTQ2_0, block, values);

    /// <summary>18 bytes: 0 scale f16, 2 packed[16], the bit of value i being bit i % 8 of byte i / 8. Numbers are -1 and 1.</summary>
    /// <param name="block">The block.</param>
    /// <param name="numbers">(128): its numbers.</param>
    /// <returns>Its scale.</returns>
    public static float ReadQ1_0(ReadOnlySpan<byte> block, Span<sbyte> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (sbyte)((2 * ((block[2 + (i / 8)] >> (i % 8)) & 1)) - 1);
        }

        return Dequantizer.Float16(block, 0);
    }

    /// <summary>18 bytes: 0 scale f16, 2 packed[16], value i in bits 2 (i % 4) and up of byte i / 4. Numbers are -1 to 2.</summary>
    /// <param name="block">The block.</param>
    /// <param name="numbers">(64): its numbers.</param>
    /// <returns>Its scale.</returns>
    public static float ReadQ2_0(ReadOnlySpan<byte> block, Span<sbyte> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = (sbyte)(((block[2 + (i / 4)] >> (2 * (i % 4))) & 3) - 1);
        }

        return Dequantizer.Float16(block, 0);
    }

    /// <summary>
    /// 66 bytes: 0 packed[64], 64 scale f16. Of each 32 bytes, byte i has values i, i + 32, i + 64 and i + 96 of a half in two bits each, the first lowest. Numbers
    /// are -1 to 1; files have no fourth code, which would be 2.
    /// </summary>
    /// <param name="block">The block.</param>
    /// <param name="numbers">(256): its numbers.</param>
    /// <returns>Its scale.</returns>
    public static float ReadTQ2_0(ReadOnlySpan<byte> block, Span<sbyte> numbers)
    {
        const int Run = 32, PerByte = 4;
        for (var i = 0; i < numbers.Length; i++)
        {
            var (half, within) = Math.DivRem(i, Run * PerByte);
            var (place, at) = Math.DivRem(within, Run);
            numbers[i] = (sbyte)(((block[(half * Run) + at] >> (2 * place)) & 3) - 1);
        }

        return Dequantizer.Float16(block, 64);
    }

    /// <summary>
    /// 54 bytes: 0 packed[48], 48 rest[4], 52 scale f16. A byte holds digits to the base of three as a fraction of 256: those of five values, and of four in the rest. Of
    /// the first 32 bytes, byte i has values i, i + 32, ... i + 128; of the next 16, i + 160, i + 176, ...; of the rest, i + 240, i + 244, .... Numbers are -1
    /// to 1.
    /// </summary>
    /// <param name="block">The block.</param>
    /// <param name="numbers">(256): its numbers.</param>
    /// <returns>Its scale.</returns>
    public static float ReadTQ1_0(ReadOnlySpan<byte> block, Span<sbyte> numbers)
    {
        Digits(block[..32], 5, numbers[..160]);
        Digits(block[32..48], 5, numbers[160..240]);
        Digits(block[48..52], 4, numbers[240..]);
        return Dequantizer.Float16(block, 52);
    }

    private delegate float NumberReader(ReadOnlySpan<byte> block, Span<sbyte> numbers);

    private static void Scale(NumberReader read, ReadOnlySpan<byte> block, Span<float> values)
    {
        Span<sbyte> numbers = stackalloc sbyte[values.Length];
        var scale = read(block, numbers);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = scale * numbers[i];
        }
    }

    private static void Digits(ReadOnlySpan<byte> packed, int perByte, Span<sbyte> numbers)
    {
        var power = 1;
        for (var place = 0; place < perByte; place++, power *= 3)
        {
            for (var i = 0; i < packed.Length; i++)
            {
                // What is left of the fraction when the digits before are gone; its first digit is three times it.
                var fraction = (byte)(packed[i] * power);
                numbers[(place * packed.Length) + i] = (sbyte)(((fraction * 3) >> 8) - 1);
            }
        }
    }
}
