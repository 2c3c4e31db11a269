using System.Buffers.Binary;
using System.Text;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>
/// A llama model of random weights as a GGUF file (version 3, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), to measure shapes that are
/// not at hand. The bytes of its blocks are random but for the scales, which give weights a spread that keeps activations in bounds; it has no
/// vocabulary, and what it answers means nothing.
/// </summary>
internal sealed class RandomModel(ModelShape shape, GgmlType type)
{
    private const int Alignment = 32;
    private const int StringValue = 8;
    private const int IntegerValue = 4;
    private const int FloatValue = 6;

    private readonly Random _random = new(1234);

    /// <summary>What a head is stored as beside matrices of <paramref name="type"/>, as quantisers choose it.</summary>
    public static GgmlType HeadOf(GgmlType type, int width) =>
        type is GgmlType.Q8_0 or GgmlType.F16 or GgmlType.BF16 or GgmlType.F32 ? type : width % 256 == 0 ? GgmlType.Q6_K : GgmlType.Q8_0;

    /// <summary>Writes the file.</summary>
    public void Write(Stream file)
    {
        var tensors = Tensors().ToList();
        using (var header = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true))
        {
            var values = Values().ToList();
            header.Write("GGUF"u8);
            header.Write(3);
            header.Write((long)tensors.Count);
            header.Write((long)values.Count);
            foreach (var (key, kind, bytes) in values)
            {
                Write(header, key);
                header.Write(kind);
                header.Write(bytes);
            }

            long offset = 0;
            foreach (var tensor in tensors)
            {
                Write(header, tensor.Name);
                header.Write(tensor.Rows > 1 ? 2 : 1);
                header.Write((long)tensor.Columns);
                if (tensor.Rows > 1)
                    header.Write((long)tensor.Rows);
                header.Write((int)tensor.Type);
                header.Write(offset);
                offset += Padded(tensor.Bytes);
            }
        }

        Pad(file, file.Position);
        foreach (var tensor in tensors)
        {
            WriteWeights(file, tensor);
            Pad(file, tensor.Bytes);
        }
    }

    private IEnumerable<(string Key, int Kind, byte[] Value)> Values()
    {
        yield return Text("general.architecture", "llama");
        yield return Text("general.name", $"random-{shape.Name}-{type}");
        yield return Whole("llama.block_count", shape.Layers);
        yield return Whole("llama.context_length", 8192);
        yield return Whole("llama.embedding_length", shape.Width);
        yield return Whole("llama.feed_forward_length", shape.FeedForward);
        yield return Whole("llama.attention.head_count", shape.Heads);
        yield return Whole("llama.attention.head_count_kv", shape.KvHeads);
        yield return Float("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        yield return Float("llama.rope.freq_base", 100_000);
        yield return Whole("llama.rope.dimension_count", shape.HeadSize);
        yield return Whole("llama.vocab_size", shape.Vocabulary);
        yield return Text("tokenizer.ggml.model", "no_vocab");
    }

    private IEnumerable<Tensor> Tensors()
    {
        var (width, kv, hidden) = (shape.Width, shape.KvHeads * shape.HeadSize, shape.FeedForward);
        yield return new Tensor("token_embd.weight", width, shape.Vocabulary, HeadOf(type, width), 0.05);
        yield return Norm("output_norm.weight");
        for (var layer = 0; layer < shape.Layers; layer++)
        {
            yield return Norm($"blk.{layer}.attn_norm.weight");
            yield return Matrix($"blk.{layer}.attn_q.weight", width, width, 1);
            yield return Matrix($"blk.{layer}.attn_k.weight", width, kv, 1);
            yield return Matrix($"blk.{layer}.attn_v.weight", width, kv, 1);
            yield return Matrix($"blk.{layer}.attn_output.weight", width, width, 0.5);
            yield return Norm($"blk.{layer}.ffn_norm.weight");
            yield return Matrix($"blk.{layer}.ffn_gate.weight", width, hidden, 1);
            yield return Matrix($"blk.{layer}.ffn_up.weight", width, hidden, 1);
            yield return Matrix($"blk.{layer}.ffn_down.weight", hidden, width, 0.5);
        }

        Tensor Norm(string name) => new(name, width, 1, GgmlType.F32, 0);
        Tensor Matrix(string name, int columns, int rows, double gain) => new(name, columns, rows, type, gain / Math.Sqrt(columns));
    }

    private void WriteWeights(Stream file, Tensor tensor)
    {
        var block = GgmlTypes.BlockBytes(tensor.Type);
        var row = new byte[tensor.RowBytes];
        for (var r = 0; r < tensor.Rows; r++)
        {
            if (tensor.Type == GgmlType.F32)
            {
                for (var c = 0; c < tensor.Columns; c++)
                    BinaryPrimitives.WriteSingleLittleEndian(row.AsSpan(4 * c), tensor.Spread == 0 ? 0.8f + (0.4f * _random.NextSingle()) : (float)Normal(tensor.Spread));
            }
            else
            {
                _random.NextBytes(row);
                for (var at = 0; at < row.Length; at += block)
                    SetScales(tensor.Type, row.AsSpan(at, block), tensor.Spread);
            }

            file.Write(row);
        }
    }

    /// <summary>Gives a block of random numbers a standard deviation of about <paramref name="spread"/>.</summary>
    private void SetScales(GgmlType stored, Span<byte> block, double spread)
    {
        switch (stored)
        {
            case GgmlType.F16:
                Half(block, 0, Normal(spread));
                break;
            case GgmlType.BF16:
                BinaryPrimitives.WriteUInt16LittleEndian(block, (ushort)(BitConverter.SingleToUInt32Bits((float)Normal(spread)) >> 16));
                break;
            case GgmlType.Q8_0:
                Half(block, 0, spread / 73.9);
                break;
            case GgmlType.Q4_0:
                Half(block, 0, spread / 4.6);
                break;
            case GgmlType.Q4_K:
                Half(block, 0, spread / 200);
                Half(block, 2, 7.5 * spread / 200);
                break;
            case GgmlType.Q5_K:
                Half(block, 0, spread / 400);
                Half(block, 2, 15.5 * spread / 400);
                break;
            case GgmlType.Q6_K:
                Half(block, 208, spread / 1350);
                break;
            default:
                throw new NotSupportedException($"There are no random weights of type {stored}: take F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q5_K or Q6_K.");
        }
    }

    private double Normal(double spread) =>
        spread * Math.Sqrt(-2 * Math.Log(1 - _random.NextDouble())) * Math.Cos(2 * Math.PI * _random.NextDouble());

    private static void Half(Span<byte> block, int offset, double value) => BinaryPrimitives.WriteHalfLittleEndian(block[offset..], (Half)value);

    private static (string Key, int Kind, byte[] Value) Text(string key, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        return (key, StringValue, [.. BitConverter.GetBytes((long)bytes.Length), .. bytes]);
    }

    private static (string Key, int Kind, byte[] Value) Whole(string key, int value) => (key, IntegerValue, BitConverter.GetBytes(value));

    private static (string Key, int Kind, byte[] Value) Float(string key, float value) => (key, FloatValue, BitConverter.GetBytes(value));

    private static void Write(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((long)bytes.Length);
        writer.Write(bytes);
    }

    private static long Padded(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static void Pad(Stream file, long bytes) => file.Write(new byte[Padded(bytes) - bytes]);

    /// <param name="Name">As llama.cpp calls it.</param>
    /// <param name="Columns">Values in a row.</param>
    /// <param name="Rows">Rows.</param>
    /// <param name="Type">How they are stored.</param>
    /// <param name="Spread">Standard deviation; 0 for values around 1.</param>
    private sealed record Tensor(string Name, int Columns, int Rows, GgmlType Type, double Spread)
    {
        public int RowBytes => Columns / GgmlTypes.BlockLength(Type) * GgmlTypes.BlockBytes(Type);

        public long Bytes => (long)RowBytes * Rows;
    }
}
