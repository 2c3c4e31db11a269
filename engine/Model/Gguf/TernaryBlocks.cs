namespace Crescent.Engine.Model.Gguf;

/// <summary>Dequantisers of the types whose values are -1, 0 or 1 times a scale.</summary>
internal static class TernaryBlocks
{
    /// <summary>
    /// 66 bytes: 0 packed[64], 64 scale f16. Of each 32 bytes, byte i has values i, i + 32, i + 64 and i + 96 of a half in two bits each, the first lowest. Value =
    /// scale * (q - 1).
    /// </summary>
    public static void TQ2_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        const int Run = 32, PerByte = 4;
        var scale = Dequantizer.Float16(block, 64);
        for (var i = 0; i < values.Length; i++)
        {
            var (half, within) = Math.DivRem(i, Run * PerByte);
            var (place, at) = Math.DivRem(within, Run);
            values[i] = scale * (((block[(half * Run) + at] >> (2 * place)) & 3) - 1);
        }
    }

    /// <summary>
    /// 54 bytes: 0 packed[48], 48 rest[4], 52 scale f16. A byte holds digits to the base of three as a fraction of 256: those of five values, and of four in the rest. Of
    /// the first 32 bytes, byte i has values i, i + 32, ... i + 128; of the next 16, i + 160, i + 176, ...; of the rest, i + 240, i + 244, .... Value = scale *
    /// (q - 1).
    /// </summary>
    public static void TQ1_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 52);
        Digits(block[..32], 5, scale, values[..160]);
        Digits(block[32..48], 5, scale, values[160..240]);
        Digits(block[48..52], 4, scale, values[240..]);
    }

    private static void Digits(ReadOnlySpan<byte> packed, int perByte, float scale, Span<float> values)
    {
        var power = 1;
        for (var place = 0; place < perByte; place++, power *= 3)
        {
            for (var i = 0; i < packed.Length; i++)
            {
                // What is left of the fraction when the digits before are gone; its first digit is three times it.
                var fraction = (byte)(packed[i] * power);
                values[(place * packed.Length) + i] = scale * (((fraction * 3) >> 8) - 1);
            }
        }
    }
}
