using System.Buffers.Binary;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model.Gguf;

/// <summary>What may be wrong in a header: each fault is told from the others, with its field and its offset.</summary>
public sealed class GgufHeaderFaultTests
{
    private const int HeaderStart = 24;

    [Fact]
    public void Every_truncation_of_the_header_names_field_and_offset()
    {
        var builder = SmallModels.Decoder("llama").Set("deep", new[] { new[] { "a" } }).Set("flags", new[] { true });
        var whole = builder.Build();
        for (var length = 0; length < builder.HeaderLength; length++)
        {
            var fault = Assert.Throws<InvalidModelException>(() => GgufFile.Read("cut.gguf", whole.AsMemory(0, length)));
            Assert.Equal("cut.gguf", fault.Path);
            Assert.NotEmpty(fault.Field);
            Assert.InRange(fault.Offset, 0, length);
        }

        for (var length = builder.HeaderLength; length < whole.Length; length++)
        {
            var fault = Assert.Throws<InvalidModelException>(() => GgufFile.Read("cut.gguf", whole.AsMemory(0, length)));
            Assert.Contains("truncated", fault.Message);
        }
    }

    [Fact]
    public void Another_kind_of_file_is_recognised()
    {
        Fails(new GgufBuilder { Magic = 0x04034B50 }, "magic", 0, "no GGUF file");
        Fails(new GgufBuilder { Magic = BinaryPrimitives.ReverseEndianness(0x46554747u) }, "magic", 0, "big-endian");
        Fails(new GgufBuilder { Version = BinaryPrimitives.ReverseEndianness(3u) }, "version", 4, "big-endian");
        Fails(new GgufBuilder { Version = 2 }, "version", 4, "version 2 is not supported");
        Fails(new GgufBuilder { Version = 4 }, "version", 4, "version 4 is not supported");
    }

    [Theory]
    [InlineData(8, "tensor count")]
    [InlineData(16, "metadata count")]
    public void A_count_that_the_file_cannot_hold_is_refused(int offset, string field)
    {
        foreach (var count in new ulong[] { 100_000, int.MaxValue, uint.MaxValue, long.MaxValue, ulong.MaxValue })
        {
            var bytes = SmallModels.Decoder("llama").Build();
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(offset), count);
            Fails(bytes, field, offset, $"{count} is more than");
        }
    }

    [Fact]
    public void A_wrong_key_is_refused()
    {
        Fails(new GgufBuilder().Append("k", 1u).Append("k", 1u), "k", HeaderStart + 17, "twice");
        Fails(new GgufBuilder().Append("", 1u), "metadata key[0]", HeaderStart, "empty");
        Fails(new GgufBuilder().Append(new string('k', 65536), 1u), "metadata key[0]", HeaderStart, "65536 bytes");
    }

    [Fact]
    public void A_wrong_value_is_refused()
    {
        const int Value = HeaderStart + 9;
        byte[] huge = [255, 255, 255, 255, 255, 255, 255, 127];
        Fails(new GgufBuilder().AppendRaw("k", 13, 0, 0, 0), "k", Value, "value type 13");
        Fails(new GgufBuilder().AppendRaw("k", 7, 0, 0, 0, 2), "k", Value + 4, "no boolean");
        Fails(new GgufBuilder().AppendRaw("k", [8, 0, 0, 0, .. huge]), "k", Value + 4, "is more than");
        Fails(new GgufBuilder().AppendRaw("k", [9, 0, 0, 0, 0, 0, 0, 0, .. huge]), "k", Value + 8, "is more than");
        Fails(new GgufBuilder().AppendRaw("k", [9, 0, 0, 0, 10, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, .. huge]), "k", Value + 8, "is more than");
        Fails(new GgufBuilder().AppendRaw("k", [9, 0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, .. huge]), "k[0]", Value + 16, "is more than");
        Fails(new GgufBuilder().Append("k", new[] { new[] { new[] { new[] { new[] { 1u } } } } }), "k", null, "4 deep");
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(48u)]
    [InlineData(0x80000000u)]
    public void An_alignment_that_is_none_is_refused(uint alignment)
        => Fails(new GgufBuilder().Set("general.alignment", alignment), "general.alignment", null, "power of two");

    [Fact]
    public void A_wrong_tensor_description_is_refused()
    {
        // A name of one letter is followed by the dimension count at 9, the extents at 13, type and offset.
        Fails(new GgufBuilder().AppendRawTensor("", 0, [1], 4), "tensor name[0]", HeaderStart, "empty");
        Fails(new GgufBuilder().AppendRawTensor(new string('t', 65), 0, [1], 4), "tensor name[0]", HeaderStart, "65 bytes");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [], 64), "t", HeaderStart + 9, "0 dimensions");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [1, 1, 1, 1, 1], 4), "t", HeaderStart + 9, "5 dimensions");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [1, 0], 4), "t", HeaderStart + 21, "extent 1 is 0");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [ulong.MaxValue], 16), "t", HeaderStart + 13, "extent 0 is 18446744073709551615");
        Fails(new GgufBuilder().AppendRawTensor("t", 15, [256], 292), "t", HeaderStart + 21, "15 (Q8_K) is not supported", "Q4_K");
        Fails(new GgufBuilder().AppendRawTensor("t", uint.MaxValue, [1], 4), "t", HeaderStart + 21, "type 4294967295 is not supported");
        Fails(new GgufBuilder().AppendRawTensor("t", 8, [48], 64), "t", HeaderStart + 13, "48 columns are no multiple of the 32");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [int.MaxValue], 64), "t", HeaderStart + 13, "a row of");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [1 << 20, 1 << 30, 1 << 30, 1 << 30], 64), "t", HeaderStart + 13, "any file");
    }

    [Fact]
    public void Tensors_that_do_not_lie_right_are_refused()
    {
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [8], 32).AppendRawTensor("t", 0, [8], 32), "t", HeaderStart + 33, "twice");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [8], 64, offset: 4), "t", HeaderStart + 25, "no multiple of the alignment 32");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [8], 32, offset: 32), "t", HeaderStart + 25, "do not lie within");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [8], 32, offset: ulong.MaxValue - 31), "t", HeaderStart + 25, "do not lie within");
        Fails(new GgufBuilder().AppendRawTensor("t", 0, [9], 32), "t", HeaderStart + 25, "do not lie within");
        Fails(new GgufBuilder().AppendRawTensor("s", 0, [9], 64).AppendRawTensor("t", 0, [8], 32, offset: 32), "t", null, "overlap those of s");
        Fails(new GgufBuilder().AppendRawTensor("s", 0, [8], 32).AppendRawTensor("t", 0, [8], 32, offset: 0), "t", null, "overlap those of s");
    }

    [Fact]
    public void A_message_shows_no_control_characters_of_the_file()
    {
        var fault = Assert.Throws<InvalidModelException>(() => new GgufBuilder().AppendRawTensor("\u001b[2J\n", 99, [1], 4).Read());

        Assert.DoesNotContain(fault.Message, char.IsControl);
    }

    private static void Fails(GgufBuilder builder, string field, long? offset, params string[] says)
        => Fails(builder.Build(), field, offset, says);

    private static void Fails(byte[] bytes, string field, long? offset, params string[] says)
    {
        var fault = Assert.Throws<InvalidModelException>(() => GgufFile.Read("bad.gguf", bytes));
        Assert.Equal(("bad.gguf", field), (fault.Path, fault.Field));
        Assert.True(offset is null || offset == fault.Offset, $"expected offset {offset}: {fault.Message}");
        Assert.All(says, text => Assert.Contains(text, fault.Message));
    }
}
