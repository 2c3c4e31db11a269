using System.Buffers.Binary;

namespace Crescent.Engine.Model.Gguf;

/// <summary>
/// Dequantisers of the types with blocks of 32 values and one scale. A packed byte i holds value i in its low four bits and
/// value i + 16 in its high four.
/// </summary>
internal static class SmallBlocks
{
    private const int Half = GgmlTypes.SmallBlock / 2;

    /// <summary>18 bytes: 0 scale f16, 2 packed[16]. Value = scale * (q - 8).</summary>
    public static void Q4_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 0);
        var packed = block[2..];
        for (var i = 0; i < Half; i++)
        {
            values[i] = scale * ((packed[i] & 0xF) - 8);
            values[i + Half] = scale * ((packed[i] >> 4) - 8);
        }
    }

    /// <summary>20 bytes: 0 scale f16, 2 minimum f16, 4 packed[16]. Value = scale * q + minimum.</summary>
    public static void Q4_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 0);
        var minimum = Dequantizer.Float16(block, 2);
        var packed = block[4..];
        for (var i = 0; i < Half; i++)
        {
            values[i] = (scale * (packed[i] & 0xF)) + minimum;
            values[i + Half] = (scale * (packed[i] >> 4)) + minimum;
        }
    }

    /// <summary>22 bytes: 0 scale f16, 2 fifth bits u32 (bit i is value i's), 6 packed[16]. Value = scale * (q - 16).</summary>
    public static void Q5_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 0);
        var fifths = BinaryPrimitives.ReadUInt32LittleEndian(block[2..]);
        var packed = block[6..];
        for (var i = 0; i < Half; i++)
        {
            values[i] = scale * (((packed[i] & 0xF) | FifthBit(fifths, i)) - 16);
            values[i + Half] = scale * (((packed[i] >> 4) | FifthBit(fifths, i + Half)) - 16);
        }
    }

    /// <summary>24 bytes: 0 scale f16, 2 minimum f16, 4 fifth bits u32, 8 packed[16]. Value = scale * q + minimum.</summary>
    public static void Q5_1(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 0);
        var minimum = Dequantizer.Float16(block, 2);
        var fifths = BinaryPrimitives.ReadUInt32LittleEndian(block[4..]);
        var packed = block[8..];
        for (var i = 0; i < Half; i++)
        {
            values[i] = (scale * ((packed[i] & 0xF) | FifthBit(fifths, i))) + minimum;
            values[i + Half] = (scale * ((packed[i] >> 4) | FifthBit(fifths, i + Half))) + minimum;
        }
    }

    /// <summary>34 bytes: 0 scale f16, 2 q i8[32]. Value = scale * q.</summary>
    public static void Q8_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        var scale = Dequantizer.Float16(block, 0);
        for (var i = 0; i < GgmlTypes.SmallBlock; i++)
        {
            values[i] = scale * (sbyte)block[2 + i];
        }
    }

    private static int FifthBit(uint bits, int value) => (int)((bits >> value) & 1) << 4;
}
