using Crescent.Engine.Model.Gguf;

namespace Crescent.GpuCheck.Model;

/// <summary>A small model of gpt-oss's form with random weights: windows, sinks, biases everywhere and experts in MXFP4, of which every token chooses two.</summary>
internal static class SmallGptOss
{
    private const int Layers = 4, Width = 192, Heads = 16, HeadSize = 64, Experts = 8, Used = 2, Vocabulary = 512, Window = 24;

    /// <summary>Tokens that the model knows.</summary>
    public static int Tokens => Vocabulary;

    /// <summary>Writes the file.</summary>
    /// <param name="path">Where to.</param>
    /// <param name="kvHeads">KV heads: 1 to 16, a power of two.</param>
    /// <param name="hidden">Values between the matrices of an expert: whole times 32.</param>
    public static void Write(string path, int kvHeads = 2, int hidden = 96)
    {
        var random = new Random(7);
        GgufWriter.Write(
            path,
            [
                ("general.architecture", "gpt-oss"), ("general.name", "small gpt-oss"), ("gpt-oss.block_count", (uint)Layers), ("gpt-oss.context_length", 1024u),
                ("gpt-oss.embedding_length", (uint)Width), ("gpt-oss.feed_forward_length", (uint)hidden), ("gpt-oss.expert_feed_forward_length", (uint)hidden),
                ("gpt-oss.expert_count", (uint)Experts), ("gpt-oss.expert_used_count", (uint)Used), ("gpt-oss.attention.head_count", (uint)Heads),
                ("gpt-oss.attention.head_count_kv", (uint)kvHeads), ("gpt-oss.attention.key_length", (uint)HeadSize), ("gpt-oss.attention.value_length", (uint)HeadSize),
                ("gpt-oss.attention.layer_norm_rms_epsilon", 1e-5f), ("gpt-oss.attention.sliding_window", (uint)Window), ("gpt-oss.rope.freq_base", 150000f),
                ("gpt-oss.rope.dimension_count", (uint)HeadSize), ("gpt-oss.rope.scaling.type", "yarn"), ("gpt-oss.rope.scaling.factor", 8f),
                ("gpt-oss.rope.scaling.original_context_length", 128u),
            ],
            [.. Tensors()],
            (tensor, file) => RandomTensors.Fill(tensor, file, random));

        IEnumerable<TensorShape> Tensors()
        {
            yield return new("token_embd.weight", GgmlType.F16, Width, Vocabulary);
            yield return new("output.weight", GgmlType.F16, Width, Vocabulary);
            yield return new("output_norm.weight", GgmlType.F32, Width);
            for (var layer = 0; layer < Layers; layer++)
            {
                foreach (var tensor in Layer(kvHeads, hidden))
                    yield return tensor with { Name = $"blk.{layer}.{tensor.Name}" };
            }
        }
    }

    private static IEnumerable<TensorShape> Layer(int kvHeads, int hidden) =>
    [
        new("attn_norm.weight", GgmlType.F32, Width), new("post_attention_norm.weight", GgmlType.F32, Width), new("attn_sinks.weight", GgmlType.F32, Heads),
        new("attn_q.weight", GgmlType.F16, Width, Heads * HeadSize), new("attn_q.bias", GgmlType.F32, Heads * HeadSize),
        new("attn_k.weight", GgmlType.F16, Width, kvHeads * HeadSize), new("attn_k.bias", GgmlType.F32, kvHeads * HeadSize),
        new("attn_v.weight", GgmlType.F16, Width, kvHeads * HeadSize), new("attn_v.bias", GgmlType.F32, kvHeads * HeadSize),
        new("attn_output.weight", GgmlType.F16, Heads * HeadSize, Width), new("attn_output.bias", GgmlType.F32, Width),
        new("ffn_gate_inp.weight", GgmlType.F32, Width, Experts), new("ffn_gate_inp.bias", GgmlType.F32, Experts),
        new("ffn_gate_exps.weight", GgmlType.MXFP4, Width, hidden, Experts), new("ffn_gate_exps.bias", GgmlType.F32, hidden, Experts),
        new("ffn_up_exps.weight", GgmlType.MXFP4, Width, hidden, Experts), new("ffn_up_exps.bias", GgmlType.F32, hidden, Experts),
        new("ffn_down_exps.weight", GgmlType.MXFP4, hidden, Width, Experts), new("ffn_down_exps.bias", GgmlType.F32, Width, Experts),
    ];
}
