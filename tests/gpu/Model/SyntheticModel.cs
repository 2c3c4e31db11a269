using System.Runtime.InteropServices;
using Crescent.Engine.Model.Gguf;

namespace Crescent.GpuCheck.Model;

/// <summary>A model of random weights in a file that is written in seconds: a piece of random blocks again and again. Matrices are Q8_0, Q4_0, Q4_K, Q6_K or F16.</summary>
internal sealed record SyntheticModel(string Name, GgmlType Type, int Layers, int Width, int FeedForward, int Heads, int KvHeads, int HeadSize, int Vocabulary)
{
    private const int PieceBytes = 4 << 20;

    /// <summary>Weights that each token is multiplied with.</summary>
    public long Multiplied => (Layers * ((2L * Width * Heads * HeadSize) + (2L * Width * KvHeads * HeadSize) + (3L * Width * FeedForward))) + ((long)Width * Vocabulary);

    /// <summary>Weights of the layers alone: a prompt's tokens need no logits.</summary>
    public long MultipliedWithoutHead => Multiplied - ((long)Width * Vocabulary);

    /// <summary>Writes the file.</summary>
    public void Write(string path)
    {
        var random = new Random(1);
        var pieces = new Dictionary<(GgmlType, int), byte[]>();
        GgufWriter.Write(
            path,
            [
                ("general.architecture", "llama"), ("general.name", Name), ("llama.block_count", (uint)Layers), ("llama.context_length", 8192u),
                ("llama.embedding_length", (uint)Width), ("llama.feed_forward_length", (uint)FeedForward), ("llama.attention.head_count", (uint)Heads),
                ("llama.attention.head_count_kv", (uint)KvHeads), ("llama.attention.key_length", (uint)HeadSize), ("llama.attention.value_length", (uint)HeadSize),
                ("llama.attention.layer_norm_rms_epsilon", 1e-5f), ("llama.rope.freq_base", 500000f),
            ],
            [.. Tensors()],
            Fill);

        void Fill(TensorShape tensor, Stream file)
        {
            var left = tensor.Bytes;
            var columns = tensor.Shape[0];
            if (tensor.Type == GgmlType.F32)
            {
                file.Write(MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(1f, columns)]));
                return;
            }

            if (!pieces.TryGetValue((tensor.Type, columns), out var piece))
                pieces[(tensor.Type, columns)] = piece = Piece(tensor.Type, columns, random);
            for (var from = random.Next(piece.Length / GgmlTypes.BlockBytes(tensor.Type)) * GgmlTypes.BlockBytes(tensor.Type); left > 0; from = 0)
            {
                var count = (int)Math.Min(left, piece.Length - from);
                file.Write(piece, from, count);
                left -= count;
            }
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

    private IEnumerable<TensorShape> Tensors()
    {
        yield return new("token_embd.weight", Type, Width, Vocabulary);
        yield return new("output_norm.weight", GgmlType.F32, Width);
        yield return new("output.weight", Type, Width, Vocabulary);
        for (var layer = 0; layer < Layers; layer++)
        {
            var prefix = $"blk.{layer}.";
            yield return new(prefix + "attn_norm.weight", GgmlType.F32, Width);
            yield return new(prefix + "attn_q.weight", Type, Width, Heads * HeadSize);
            yield return new(prefix + "attn_k.weight", Type, Width, KvHeads * HeadSize);
            yield return new(prefix + "attn_v.weight", Type, Width, KvHeads * HeadSize);
            yield return new(prefix + "attn_output.weight", Type, Heads * HeadSize, Width);
            yield return new(prefix + "ffn_norm.weight", GgmlType.F32, Width);
            yield return new(prefix + "ffn_gate.weight", Type, Width, FeedForward);
            yield return new(prefix + "ffn_up.weight", Type, Width, FeedForward);
            yield return new(prefix + "ffn_down.weight", Type, FeedForward, Width);
        }
    }
}
