using System.Text;
using Crescent.Engine.Model.Gguf;

namespace Crescent.GpuCheck.Model;

/// <summary>A model of random weights in a file that is written in seconds: a piece of random blocks again and again. Matrices are Q8_0, Q4_0, Q4_K, Q6_K or F16.</summary>
internal sealed record SyntheticModel(string Name, GgmlType Type, int Layers, int Width, int FeedForward, int Heads, int KvHeads, int HeadSize, int Vocabulary)
{
    private const int Alignment = 32, PieceBytes = 4 << 20;

    /// <summary>Weights that each token is multiplied with.</summary>
    public long Multiplied => (Layers * ((2L * Width * Heads * HeadSize) + (2L * Width * KvHeads * HeadSize) + (3L * Width * FeedForward))) + ((long)Width * Vocabulary);

    /// <summary>Weights of the layers alone: a prompt's tokens need no logits.</summary>
    public long MultipliedWithoutHead => Multiplied - ((long)Width * Vocabulary);

    /// <summary>Writes the file.</summary>
    public void Write(string path)
    {
        var tensors = Tensors().ToList();
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        using var writer = new BinaryWriter(file, Encoding.UTF8);
        (string Key, object Value)[] pairs =
        [
            ("general.architecture", "llama"), ("general.name", Name), ("llama.block_count", (uint)Layers), ("llama.context_length", 8192u), ("llama.embedding_length", (uint)Width),
            ("llama.feed_forward_length", (uint)FeedForward), ("llama.attention.head_count", (uint)Heads), ("llama.attention.head_count_kv", (uint)KvHeads),
            ("llama.attention.key_length", (uint)HeadSize), ("llama.attention.value_length", (uint)HeadSize), ("llama.attention.layer_norm_rms_epsilon", 1e-5f),
            ("llama.rope.freq_base", 500000f),
        ];
        writer.Write(0x46554747u);
        writer.Write(3u);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)pairs.Length);
        foreach (var (key, value) in pairs)
        {
            Text(writer, key);
            Value(writer, value);
        }

        var offset = 0L;
        foreach (var (name, type, columns, rows) in tensors)
        {
            Text(writer, name);
            writer.Write(rows > 0 ? 2u : 1u);
            writer.Write((ulong)columns);
            if (rows > 0)
                writer.Write((ulong)rows);
            writer.Write((uint)type);
            writer.Write((ulong)offset);
            offset += RoundUp(Bytes(type, columns, rows));
        }

        writer.Flush();
        file.Write(new byte[RoundUp(file.Position) - file.Position]);
        var random = new Random(1);
        var pieces = new Dictionary<(GgmlType, int), byte[]>();
        foreach (var (_, type, columns, rows) in tensors)
        {
            var bytes = Bytes(type, columns, rows);
            if (type == GgmlType.F32)
            {
                for (var i = 0; i < columns; i++)
                    writer.Write(1f);
            }
            else
            {
                if (!pieces.TryGetValue((type, columns), out var piece))
                    pieces[(type, columns)] = piece = Piece(type, columns, random);
                var left = bytes;
                for (var from = random.Next(piece.Length / GgmlTypes.BlockBytes(type)) * GgmlTypes.BlockBytes(type); left > 0; from = 0)
                {
                    var count = (int)Math.Min(left, piece.Length - from);
                    file.Write(piece, from, count);
                    left -= count;
                }
            }

            writer.Flush();
            file.Write(new byte[RoundUp(bytes) - bytes]);
        }
    }

    private static long RoundUp(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private static long Bytes(GgmlType type, int columns, int rows) => (long)columns * Math.Max(1, rows) / GgmlTypes.BlockLength(type) * GgmlTypes.BlockBytes(type);

    private static void Text(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void Value(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(4u);
                writer.Write(number);
                break;
            case float number:
                writer.Write(6u);
                writer.Write(number);
                break;
            default:
                writer.Write(8u);
                Text(writer, (string)value);
                break;
        }
    }

    // Values of mean about 0 and deviation 1 / sqrt(columns), so that activations keep their size.
    private static byte[] Piece(GgmlType type, int columns, Random random)
    {
        var size = GgmlTypes.BlockBytes(type);
        var bytes = new byte[PieceBytes / size * size];
        random.NextBytes(bytes);
        var deviation = 1 / Math.Sqrt(columns);
        for (var at = 0; at < bytes.Length; at += size)
        {
            var block = bytes.AsSpan(at, size);
            switch (type)
            {
                case GgmlType.Q8_0:
                    BitConverter.TryWriteBytes(block, (Half)(deviation / 74));
                    break;
                case GgmlType.Q4_0:
                    BitConverter.TryWriteBytes(block, (Half)(deviation / 4.6));
                    break;
                case GgmlType.Q4_K:
                    BitConverter.TryWriteBytes(block, (Half)(deviation / (4.6 * 36)));
                    BitConverter.TryWriteBytes(block[2..], (Half)(deviation / (4.6 * 36) * 7.5));
                    break;
                case GgmlType.Q6_K:
                    BitConverter.TryWriteBytes(block[208..], (Half)(deviation / (18.5 * 74)));
                    break;
                case GgmlType.F16:
                    BitConverter.TryWriteBytes(block, (Half)(deviation * 1.7 * ((2 * random.NextDouble()) - 1)));
                    break;
                default:
                    throw new NotSupportedException($"Random weights of {type} are not made.");
            }
        }

        return bytes;
    }

    private IEnumerable<(string Name, GgmlType Type, int Columns, int Rows)> Tensors()
    {
        yield return ("token_embd.weight", Type, Width, Vocabulary);
        yield return ("output_norm.weight", GgmlType.F32, Width, 0);
        yield return ("output.weight", Type, Width, Vocabulary);
        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"blk.{layer}.";
            yield return (prefix + "attn_norm.weight", GgmlType.F32, Width, 0);
            yield return (prefix + "attn_q.weight", Type, Width, Heads * HeadSize);
            yield return (prefix + "attn_k.weight", Type, Width, KvHeads * HeadSize);
            yield return (prefix + "attn_v.weight", Type, Width, KvHeads * HeadSize);
            yield return (prefix + "attn_output.weight", Type, Heads * HeadSize, Width);
            yield return (prefix + "ffn_norm.weight", GgmlType.F32, Width, 0);
            yield return (prefix + "ffn_gate.weight", Type, Width, FeedForward);
            yield return (prefix + "ffn_up.weight", Type, Width, FeedForward);
            yield return (prefix + "ffn_down.weight", Type, FeedForward, Width);
        }
    }
}
