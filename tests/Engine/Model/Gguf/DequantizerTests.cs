using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model.Gguf;

public sealed class DequantizerTests
{
    /// <summary>
    /// One block with byte i = 73 i + 41 (mod 256) but for its scale, 1/2, and its minimum. Expected are its first two, middle two and
    /// last values and the sum of (i + 1) * value i, which knows every value and its place: computed apart from this code, exact
    /// because all are multiples of 1/4.
    /// </summary>
    [Theory]
    [InlineData(GgmlType.Q4_0, -399.5, 1.5, -2, -3, 1.5, -4, 0)]
    [InlineData(GgmlType.Q4_1, 677, 4.5, 1, 0, 0, 2.5, 0, 2, -2)]
    [InlineData(GgmlType.Q5_0, -592.5, 7.5, 4, -5, 6.5, 1, 0)]
    [InlineData(GgmlType.Q5_1, 2968, 6.5, 3, 10, 9.5, 3.5, 0, 2, -2)]
    [InlineData(GgmlType.Q8_0, -344, -34.5, 2, 1, 37.5, -55, 0)]
    [InlineData(GgmlType.Q2_K, 125495, 4, 8.5, 7.5, -1.25, -1.75, 80, 82, 0.25)]
    [InlineData(GgmlType.Q3_K, 17373, -3.5, 7, -48, 12, -12, 108)]
    [InlineData(GgmlType.Q4_K, 3684684, 46.25, 0.75, 217, 88.25, -5.75, 0, 2, 0.25)]
    [InlineData(GgmlType.Q5_K, 7452252, 150.25, 0.75, 257, 256.25, -5.75, 0, 2, 0.25)]
    [InlineData(GgmlType.Q6_K, -814064, 80.5, -23, -24, -171.5, 144, 208)]
    [InlineData(GgmlType.IQ4_NL, -6038, 19, -24.5, -41.5, 19, -63.5, 0)]
    [InlineData(GgmlType.IQ4_XS, 441525.5, -1508, 362.5, -99, 884, -375, 0)]
    public void A_block_has_the_values_of_its_format(
        GgmlType type, double placed, float first, float second, float middle, float next, float last, int scaleAt, int minimumAt = -1,
        double minimum = 0)
    {
        var block = new byte[GgmlTypes.BlockBytes(type)];
        for (var i = 0; i < block.Length; i++)
        {
            block[i] = unchecked((byte)((i * 73) + 41));
        }

        BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(scaleAt), (Half)0.5);
        if (minimumAt >= 0)
        {
            BinaryPrimitives.WriteHalfLittleEndian(block.AsSpan(minimumAt), (Half)minimum);
        }

        // Two blocks in a row, so that their places matter.
        var values = new float[2 * GgmlTypes.BlockLength(type)];
        Dequantizer.Dequantize(type, [.. block, .. block], values);

        var one = values[..(values.Length / 2)];
        Assert.Equal([first, second, middle, next, last], [one[0], one[1], one[(one.Length / 2) - 1], one[one.Length / 2], one[^1]]);
        Assert.Equal(placed, one.Select(static (value, i) => (i + 1.0) * value).Sum());
        Assert.Equal(one, values[one.Length..]);
    }

    /// <summary>
    /// 256 blocks of bytes of a linear congruential sequence, their scale 1/2 but where it has eight bits. Expected is the SHA-256 of the float32 values that ggml's own
    /// dequantisers give (libggml of llama.cpp's build in npm's node-llama-cpp 3.22.1).
    /// </summary>
    [Theory]
    [InlineData(GgmlType.IQ2_XXS, 0, "95d8a5be8e709bc452ce833eebd0b075f4ef05da14c130e3d3fc1315255aedee")]
    [InlineData(GgmlType.IQ2_XS, 0, "18cc855f6395e73f17abcd770d8049c5d0b53575d0e3b49ae8b3462bcb5963cd")]
    [InlineData(GgmlType.IQ2_S, 0, "a001efbccc0e958d2d49a5b0642b75360792d8d9e47079ed7d32d530a7909093")]
    [InlineData(GgmlType.IQ3_XXS, 0, "c4f3a7c48a6a552b15b617574cd041da47f26126644af358dc0f236b8294cba6")]
    [InlineData(GgmlType.IQ3_S, 0, "57043c6aeaf6ba377e42c45ce1c3f5a14686dd0f69881dca28750858c943b2da")]
    [InlineData(GgmlType.IQ1_S, 0, "1825243d468a7d1f574529cff781ab0483d11769545fa27df8e52144310ff701")]
    [InlineData(GgmlType.IQ1_M, -1, "1df0d9b6960a86fa17be8eb2a10de43c4e76a8afceb67d234297d89063fac881")]
    [InlineData(GgmlType.Q1_0, 0, "94a2e15b235d5bf99060f13cf4d1fe5a81df3018d1fa9ab7f980458122f7c67f")]
    [InlineData(GgmlType.Q2_0, 0, "1f6f62a467243ff37a1bc022aacf8af862e1381e0f242bfd6f0dc2c86695aad5")]
    [InlineData(GgmlType.TQ1_0, 52, "8ed8675b059991cee5819a93660a43fec0d1856a1fe4a63a4fb718dc5cc7bdf3")]
    [InlineData(GgmlType.TQ2_0, 64, "2a1c1f632b0e33c5f2bf55dd4c99074b06f9271b68e6f883fc6dbd9add8589c2")]
    [InlineData(GgmlType.NVFP4, -1, "19b57286cce6d7c8d5fd1b29115393db89ecf5b438325abd823c711b4eba5bdc")]
    public void Blocks_have_the_values_that_ggml_gives_them(GgmlType type, int scaleAt, string sha256)
    {
        const int Blocks = 256;
        var size = GgmlTypes.BlockBytes(type);
        var bytes = new byte[Blocks * size];
        var x = 1u;
        for (var i = 0; i < bytes.Length; i++)
        {
            x = unchecked((x * 1664525) + 1013904223);
            bytes[i] = (byte)(x >> 24);
        }

        for (var block = 0; block < Blocks; block++)
        {
            var one = bytes.AsSpan(block * size, size);
            if (scaleAt >= 0)
            {
                BinaryPrimitives.WriteHalfLittleEndian(one[scaleAt..], (Half)0.5);
            }
            else if (type == GgmlType.IQ1_M)
            {
                // Four bits in each of four words.
                foreach (var (at, bits) in new[] { (49, 0), (51, 0), (53, 8), (55, 3) })
                {
                    one[at] = (byte)((one[at] & 15) | (bits << 4));
                }
            }
        }

        var values = Read(type, bytes);
        Assert.Equal(sha256, Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(values))));
    }

    [Fact]
    public void Ternary_digits_are_packed_four_or_five_to_a_byte()
    {
        int[] digits = [.. Enumerable.Range(0, 256).Select(static i => ((i * i) + (i / 7)) % 3)];
        var two = new byte[66];
        var one = new byte[54];
        for (var i = 0; i < 256; i++)
        {
            two[(i / 128 * 32) + (i % 32)] |= (byte)(digits[i] << (i % 128 / 32 * 2));
        }

        for (var i = 0; i < 52; i++)
        {
            // A byte is the first whose fraction of 256 is not below the digits' fraction of 243.
            var (first, step, count) = i < 32 ? (i, 32, 5) : i < 48 ? (160 + i - 32, 16, 5) : (240 + i - 48, 4, 4);
            var number = Enumerable.Range(0, 5).Aggregate(0, (sum, place) => (3 * sum) + (place < count ? digits[first + (place * step)] : 0));
            one[i] = (byte)(((number * 256) + 242) / 243);
        }

        BinaryPrimitives.WriteHalfLittleEndian(two.AsSpan(64), (Half)0.5);
        BinaryPrimitives.WriteHalfLittleEndian(one.AsSpan(52), (Half)0.5);
        float[] expected = [.. digits.Select(static digit => 0.5f * (digit - 1))];
        Assert.Equal(expected, Read(GgmlType.TQ2_0, two));
        Assert.Equal(expected, Read(GgmlType.TQ1_0, one));
    }

    [Fact]
    public void Four_bits_with_a_scale_of_eight_for_each_sixteen_values()
    {
        var block = new byte[36];
        (block[0], block[1], block[2], block[3]) = (0b0111_000, 0b1000_100, 0b0000_001, 0x7F);
        for (var i = 4; i < 36; i++)
        {
            block[i] = 0xD2;
        }

        // 1, 3, 2^-9 and none; code 2 is 1, code 13 is -3.
        float[] scales = [1, 3, 1f / 512, 0];
        var values = Read(GgmlType.NVFP4, block);
        for (var i = 0; i < 64; i++)
        {
            Assert.Equal(scales[i / 16] * (i % 16 < 8 ? 1 : -3), values[i]);
        }
    }

    [Fact]
    public void Floats_are_read_as_they_are()
    {
        Assert.Equal([1.5f, -0f, float.PositiveInfinity], Read(GgmlType.F32, 0, 0, 0xC0, 0x3F, 0, 0, 0, 0x80, 0, 0, 0x80, 0x7F));
        Assert.Equal([1.5f, -2f, 5.9604645e-8f], Read(GgmlType.F16, 0, 0x3E, 0, 0xC0, 1, 0));
        Assert.Equal([1.5f, -2f, 1e-45f * 65536], Read(GgmlType.BF16, 0xC0, 0x3F, 0, 0xC0, 1, 0));
    }

    [Theory]
    [InlineData(GgmlType.Q8_0, 34, 31)]
    [InlineData(GgmlType.Q8_0, 33, 32)]
    [InlineData(GgmlType.Q8_0, 68, 32)]
    [InlineData(GgmlType.Q6_K, 210, 32)]
    [InlineData(GgmlType.F16, 3, 2)]
    public void Lengths_that_do_not_fit_are_refused(GgmlType type, int bytes, int values)
        => Assert.Throws<ArgumentException>(() => Dequantizer.Dequantize(type, new byte[bytes], new float[values]));

    [Fact]
    public void A_type_that_is_none_is_refused()
        => Assert.Throws<ArgumentOutOfRangeException>(() => Dequantizer.Dequantize((GgmlType)15, [], []));

    [Fact]
    public void Every_type_has_a_dequantiser()
        => Assert.All(Enum.GetValues<GgmlType>(), static type =>
        {
            var values = new float[GgmlTypes.BlockLength(type)];
            Array.Fill(values, float.NaN);
            Dequantizer.Dequantize(type, new byte[GgmlTypes.BlockBytes(type)], values);
            Assert.All(values, static value => Assert.Equal(0, value));
        });

    private static float[] Read(GgmlType type, params byte[] bytes)
    {
        var values = new float[bytes.Length / GgmlTypes.BlockBytes(type) * GgmlTypes.BlockLength(type)];
        Dequantizer.Dequantize(type, bytes, values);
        return values;
    }
}
