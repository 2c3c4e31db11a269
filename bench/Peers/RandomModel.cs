using Crescent.Engine.Model.Gguf;

namespace Crescent.Bench.Peers;

/// <summary>
/// A llama model of random weights, to measure shapes that are not at hand; it has no vocabulary, and what it answers means nothing.
/// </summary>
internal sealed class RandomModel(ModelShape shape, GgmlType type)
{
    /// <summary>What a head is stored as beside matrices of <paramref name="type"/>, as quantisers choose it.</summary>
    public static GgmlType HeadOf(GgmlType type, int width) =>
        type is GgmlType.Q8_0 or GgmlType.F16 or GgmlType.BF16 or GgmlType.F32 ? type : width % 256 == 0 ? GgmlType.Q6_K : GgmlType.Q8_0;

    /// <summary>Writes the file.</summary>
    public void Write(Stream file)
    {
        var writer = new GgufWriter();
        writer.Add("general.architecture", "llama");
        writer.Add("general.name", $"random-{shape.Name}-{type}");
        writer.Add("llama.block_count", shape.Layers);
        writer.Add("llama.context_length", 8192);
        writer.Add("llama.embedding_length", shape.Width);
        writer.Add("llama.feed_forward_length", shape.FeedForward);
        writer.Add("llama.attention.head_count", shape.Heads);
        writer.Add("llama.attention.head_count_kv", shape.KvHeads);
        writer.Add("llama.attention.layer_norm_rms_epsilon", 1e-5f);
        writer.Add("llama.rope.freq_base", 100_000f);
        writer.Add("llama.rope.dimension_count", shape.HeadSize);
        writer.Add("llama.vocab_size", shape.Vocabulary);
        writer.Add("tokenizer.ggml.model", "no_vocab");
        writer.Write(file, [.. Tensors()], new RandomWeights());
    }

    private IEnumerable<RandomTensor> Tensors()
    {
        var (width, kv, hidden) = (shape.Width, shape.KvHeads * shape.HeadSize, shape.FeedForward);
        yield return new RandomTensor("token_embd.weight", [width, shape.Vocabulary], HeadOf(type, width), 0.05);
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

        RandomTensor Norm(string name) => new(name, [width], GgmlType.F32, 0);
        RandomTensor Matrix(string name, int columns, int rows, double gain) => new(name, [columns, rows], type, gain / Math.Sqrt(columns));
    }
}
