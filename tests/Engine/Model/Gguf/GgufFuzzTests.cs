using System.Buffers.Binary;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using CsCheck;

namespace Crescent.Tests.Engine.Model.Gguf;

/// <summary>Files that are almost right: whatever is wrong with one, the only answer is <see cref="InvalidModelException"/>.</summary>
public sealed class GgufFuzzTests
{
    private static readonly (byte[] File, int Header)[] Seeds =
        [.. new[] { "llama", "qwen2", "qwen3", "qwen3moe" }.Select(static architecture =>
        {
            var builder = SmallModels.Decoder(architecture)
                .Set("general.alignment", 32u).Set("nested", new[] { new[] { "a", "b" }, ["c"] }).Set("flags", new[] { true, false })
                .Set($"{architecture}.vocab_size", (uint)SmallModels.Vocabulary).Set($"{architecture}.rope.scaling.type", "none")
                .Tensor("rope_freqs.weight", GgmlType.F32, [SmallModels.HeadSize / 2], 1, 1, 1, 1, 1, 1, 1, 1);
            return (builder.Build(), builder.HeaderLength);
        })];

    private static readonly ulong[] Limits =
    [
        0, 1, 2, 3, 31, 127, 128, 255, 65535, 65536, int.MaxValue, 1ul << 31, uint.MaxValue, 1ul << 32, 1ul << 40,
        long.MaxValue - 31, long.MaxValue, 1ul << 63, ulong.MaxValue - 31, ulong.MaxValue,
    ];

    private static readonly Gen<ulong> BigIntegers = Gen.OneOf(
        Gen.Int[0, Limits.Length - 1].Select(static i => Limits[i]),
        Gen.ULong[0, 4096],
        Gen.ULong);

    private static readonly Gen<byte[]> Mutated = Gen.Int[0, Seeds.Length - 1].SelectMany(static seed =>
        Mutations(Seeds[seed].File.Length, Seeds[seed].Header).Select(mutations =>
            mutations.Aggregate((byte[])Seeds[seed].File.Clone(), static (file, mutate) => mutate(file))));

    [Fact]
    public void Twenty_thousand_mutated_files_are_read_or_refused()
    {
        int read = 0, refused = 0, graphs = 0;
        Mutated.Sample(
            file =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                var (opened, graph) = Visit(() => GgufFile.Read("fuzz.gguf", file));
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                Assert.True(allocated < 1 << 20, $"{allocated} bytes were allocated for a file of {file.Length}");
                read += opened ? 1 : 0;
                refused += opened ? 0 : 1;
                graphs += graph ? 1 : 0;
            },
            iter: 20_000,
            threads: 1,
            print: Convert.ToHexString);

        // The mutations must reach every stage, or this proves nothing.
        TestContext.Current.TestOutputHelper?.WriteLine($"{read} read, {graphs} of them as a model, {refused} refused");
        Assert.True(refused > 2000 && read > 2000 && graphs > 1000 && graphs < read, $"{read} read, {graphs} models, {refused} refused");
    }

    [Fact]
    public void Mutated_files_are_mapped_or_refused()
    {
        using var folder = new TemporaryFolder();
        var read = 0;
        Mutated.Sample(
            file => read += Visit(() => GgufFile.Open(folder.Write("fuzz.gguf", file))).Opened ? 1 : 0,
            iter: 300,
            threads: 1,
            print: Convert.ToHexString);
        Assert.InRange(read, 15, 285);
    }

    /// <summary>Opens a file and touches all that it gives; anything but <see cref="InvalidModelException"/> escapes.</summary>
    private static (bool Opened, bool Graph) Visit(Func<GgufFile> open)
    {
        GgufFile file;
        try
        {
            file = open();
        }
        catch (InvalidModelException)
        {
            return (false, false);
        }

        using (file)
        {
            foreach (var key in file.Keys)
            {
                Try(() => file.FindString(key));
                Try(() => file.FindInteger(key));
                Try(() => file.FindFloat(key));
                Try(() => file.FindBoolean(key));
                Try(() => file.FindStrings(key));
                Try(() => file.FindFloats(key));
                Try(() => file.FindIntegers(key));
            }

            foreach (var tensor in file.Tensors.Values)
            {
                var values = new float[tensor.Columns];
                Dequantizer.Dequantize(tensor.Type, tensor.Row(0), values);
                Dequantizer.Dequantize(tensor.Type, tensor.Row(tensor.Rows - 1), values);
            }

            return (true, Try(() => Architecture.Read(file)));
        }
    }

    private static bool Try(Func<object?> read)
    {
        try
        {
            read();
            return true;
        }
        catch (InvalidModelException)
        {
            return false;
        }
    }

    // One mutation leaves most of a file right and so reaches far; several together reach what one alone does not.
    private static Gen<Func<byte[], byte[]>[]> Mutations(int length, int header)
    {
        var one = Mutation(length, header);
        return Gen.Frequency((2, one.Array[1]), (1, one.Array[2, 4]));
    }

    private static Gen<Func<byte[], byte[]>> Mutation(int length, int header)
    {
        var place = Gen.Frequency((9, Gen.Int[0, header - 1]), (1, Gen.Int[0, length - 1]));
        var run = Gen.Int[0, 64];
        return Gen.Frequency(
            (3, Gen.Select(place, Gen.Byte[1, 255], Flip)),
            (4, Gen.Select(place, Gen.Int[0, 7], static (at, bit) => Flip(at, (byte)(1 << bit)))),
            (1, place.Select(Truncate)),
            (2, Gen.Select(place, place, run, Copy)),
            (1, Gen.Select(place, Gen.Byte.Array[1, 16], Insert)),
            (1, Gen.Select(place, run, Cut)),
            (3, Gen.Select(place, BigIntegers, Gen.Int[1, 2].Select(static half => 4 * half), PutInteger)));
    }

    private static Func<byte[], byte[]> Flip(int at, byte mask) => file => With(file, at, span => span[0] ^= mask);

    private static Func<byte[], byte[]> Truncate(int at) => file => file[..Math.Min(at, file.Length)];

    private static Func<byte[], byte[]> Copy(int from, int to, int count) => file => With(file, to, span =>
    {
        var source = file.AsSpan(Math.Min(from, file.Length));
        source[..Math.Min(count, Math.Min(source.Length, span.Length))].CopyTo(span);
    });

    private static Func<byte[], byte[]> Insert(int at, byte[] bytes)
        => file => [.. file[..Math.Min(at, file.Length)], .. bytes, .. file[Math.Min(at, file.Length)..]];

    private static Func<byte[], byte[]> Cut(int at, int count)
        => file => [.. file[..Math.Min(at, file.Length)], .. file[Math.Min(at + count, file.Length)..]];

    private static Func<byte[], byte[]> PutInteger(int at, ulong value, int bytes) => file => With(file, at, span =>
    {
        Span<byte> written = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(written, value);
        written[..Math.Min(bytes, span.Length)].CopyTo(span);
    });

    private static byte[] With(byte[] file, int at, SpanChange change)
    {
        if (at < file.Length)
        {
            change(file.AsSpan(at));
        }

        return file;
    }

    private delegate void SpanChange(Span<byte> span);
}
