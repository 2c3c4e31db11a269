using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model.Gguf;

public sealed class GgufFileTests
{
    [Fact]
    public void Every_value_type_is_read()
    {
        using var file = new GgufBuilder()
            .Set("u8", byte.MaxValue).Set("i8", sbyte.MinValue).Set("u16", ushort.MaxValue).Set("i16", short.MinValue)
            .Set("u32", uint.MaxValue).Set("i32", int.MinValue).Set("u64", (ulong)long.MaxValue).Set("i64", long.MinValue)
            .Set("f32", 1.5f).Set("f64", -2.25).Set("yes", true).Set("no", false).Set("text", "grüß 👋")
            .Set("texts", new[] { "", "a", "ß" }).Set("floats", new[] { 1f, -1f }).Set("doubles", new[] { 0.5 })
            .Set("bytes", new byte[] { 1, 255 }).Set("longs", new[] { -1L, int.MaxValue })
            .Set("flags", new[] { true, false }).Set("nested", new[] { new[] { 1u }, [2u, 3u] })
            .Read();

        Assert.Equal(
            [byte.MaxValue, sbyte.MinValue, ushort.MaxValue, short.MinValue, uint.MaxValue, int.MinValue, long.MaxValue, long.MinValue],
            new[] { "u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64" }.Select(file.GetInteger));
        Assert.Equal([1.5f, -2.25f], new[] { "f32", "f64" }.Select(file.GetFloat));
        Assert.True(file.FindBoolean("yes"));
        Assert.False(file.FindBoolean("no"));
        Assert.Equal("grüß 👋", file.GetString("text"));
        Assert.Equal(["", "a", "ß"], file.FindStrings("texts")!);
        Assert.Equal([1f, -1f], file.FindFloats("floats")!);
        Assert.Equal([0.5f], file.FindFloats("doubles")!);
        Assert.Equal([1, 255], file.FindIntegers("bytes")!);
        Assert.Equal([-1, int.MaxValue], file.FindIntegers("longs")!);
        Assert.True(file.Contains("nested"));
        Assert.Equal(20, file.Keys.Count);
    }

    [Fact]
    public void A_missing_key_is_null_or_an_error_that_names_it()
    {
        using var file = new GgufBuilder().Read();

        Assert.False(file.Contains("k"));
        Assert.Null(file.FindString("k"));
        Assert.Null(file.FindInteger("k"));
        Assert.Null(file.FindFloat("k"));
        Assert.Null(file.FindBoolean("k"));
        Assert.Null(file.FindStrings("k"));
        Assert.Null(file.FindFloats("k"));
        Assert.Null(file.FindIntegers("k"));
        Assert.Null(file.FindTensor("k"));
        Assert.Equal("k", Assert.Throws<InvalidModelException>(() => file.GetString("k")).Field);
        Assert.Equal("k", Assert.Throws<InvalidModelException>(() => file.GetInteger("k")).Field);
        Assert.Equal("k", Assert.Throws<InvalidModelException>(() => file.GetFloat("k")).Field);
        Assert.Equal("k", Assert.Throws<InvalidModelException>(() => file.Tensor("k")).Field);
    }

    [Fact]
    public void A_value_of_another_type_names_the_key_the_type_and_the_offset()
    {
        using var file = new GgufBuilder().Set("text", "a").Set("number", 1u).Set("numbers", new[] { 1 }).Set("real", 1f).Read();

        Fails(() => file.GetInteger("text"), "text", "String", "an integer");
        Fails(() => file.GetFloat("number"), "number", "UInt32", "a float");
        Fails(() => file.GetString("number"), "number", "UInt32", "a string");
        Fails(() => file.FindBoolean("number"), "number", "UInt32", "a boolean");
        Fails(() => file.GetInteger("real"), "real", "Float32", "an integer");
        Fails(() => file.GetInteger("numbers"), "numbers", "array of Int32", "an integer");
        Fails(() => file.FindStrings("numbers"), "numbers", "array of Int32", "array of strings");
        Fails(() => file.FindFloats("numbers"), "numbers", "array of Int32", "array of floats");
        Fails(() => file.FindIntegers("number"), "number", "UInt32", "array of integers");
    }

    [Fact]
    public void An_integer_that_does_not_fit_is_an_error()
    {
        using var file = new GgufBuilder().Set("big", ulong.MaxValue).Set("bigs", new[] { 0L, 1L << 31 }).Read();

        Fails(() => file.GetInteger("big"), "big", "does not fit");
        Fails(() => file.FindIntegers("bigs"), "bigs[1]", "does not fit");
    }

    [Fact]
    public void Text_that_is_no_utf8_is_an_error_when_it_is_asked_for()
    {
        using var file = new GgufBuilder().AppendRaw("text", [8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28]).Read();

        Fails(() => file.GetString("text"), "text", "not valid UTF-8");
    }

    [Fact]
    public void Tensors_have_their_shape_type_and_data()
    {
        var builder = new GgufBuilder { Alignment = 64 }.Set("general.alignment", 64u)
            .Tensor("v", GgmlType.F32, [3], 1, 2, 3).Tensor("m", GgmlType.Q4_K, [512, 3]).Tensor("w", GgmlType.F32, [2, 2], 4, 5, 6, 7);
        using var file = builder.Read();

        Assert.Equal(["v", "m", "w"], file.Tensors.Keys);
        var matrix = file.Tensor("m");
        Assert.Equal((GgmlType.Q4_K, 512, 3, 2 * 144, 6 * 144), (matrix.Type, matrix.Columns, matrix.Rows, matrix.RowBytes, matrix.ByteLength));
        Assert.Equal([6f, 7f], Values(file.Tensor("w").Row(1).ToArray()));
        Assert.Equal([1f, 2f, 3f], Values(file.Tensor("v").Row(0).ToArray()));
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(3).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Row(-1).Length);
    }

    [Fact]
    public void A_mapped_file_reads_like_one_in_memory()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("small.gguf", SmallModels.Decoder("llama").Tensor("x", GgmlType.F32, [2], 8, 9).Build());
        using var file = GgufFile.Open(path);

        Assert.Equal(path, file.Path);
        Assert.Equal("small", file.GetString("general.name"));
        Assert.Equal([8f, 9f], Values(file.Tensor("x").Row(0).ToArray()));
    }

    [Fact]
    public void A_closed_file_says_so()
    {
        var file = new GgufBuilder().Set("k", "v").Read();
        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => file.FindString("k"));
    }

    [Fact]
    public void What_is_no_file_is_an_error_that_names_the_path()
    {
        using var folder = new TemporaryFolder();

        Assert.Contains("absent.gguf", Assert.Throws<FileNotFoundException>(() => GgufFile.Open(folder.At("absent.gguf"))).Message);
        Assert.Contains("folder", Assert.Throws<InvalidModelException>(() => GgufFile.Open(folder.Path)).Message);
        var empty = folder.Write("empty.gguf", []);
        var fault = Assert.Throws<InvalidModelException>(() => GgufFile.Open(empty));
        Assert.Equal((empty, 0L), (fault.Path, fault.Offset));
        Assert.Contains("empty", fault.Message);
    }

    private static void Fails(Func<object?> read, string field, params string[] says)
    {
        var fault = Assert.Throws<InvalidModelException>(read);
        Assert.Equal(("test.gguf", field), (fault.Path, fault.Field));
        Assert.True(fault.Offset > 0);
        Assert.All(says, text => Assert.Contains(text, fault.Message));
    }

    private static float[] Values(byte[] row) => [.. row.Chunk(4).Select(static bytes => BitConverter.ToSingle(bytes))];
}
