using Crescent.Engine.Model.Gguf;

namespace Crescent.GpuCheck.Model;

/// <summary>A small model of qwen35's form with random weights: gated delta nets, and gated attention whose heads of 256 values turn in part.</summary>
internal static class SmallQwen35
{
    private const int Layers = 4, Width = 256, Heads = 4, KvHeads = 2, HeadSize = 256, Turning = 64, Hidden = 512, Vocabulary = 512;
    private const int KeyHeads = 2, ValueHeads = 4, StateSize = 128, Kernel = 4, Values = ValueHeads * StateSize, Channels = (2 * KeyHeads * StateSize) + Values;

    /// <summary>Tokens that the model knows.</summary>
    public static int Tokens => Vocabulary;

    /// <summary>Writes the file.</summary>
    public static void Write(string path)
    {
        var random = new Random(11);
        GgufWriter.Write(
            path,
            [
                ("general.architecture", "qwen35"), ("general.name", "small qwen35"), ("qwen35.block_count", (uint)Layers), ("qwen35.context_length", 1024u),
                ("qwen35.embedding_length", (uint)Width), ("qwen35.feed_forward_length", (uint)Hidden), ("qwen35.attention.head_count", (uint)Heads),
                ("qwen35.attention.head_count_kv", (uint)KvHeads), ("qwen35.attention.key_length", (uint)HeadSize), ("qwen35.attention.value_length", (uint)HeadSize),
                ("qwen35.attention.layer_norm_rms_epsilon", 1e-6f), ("qwen35.rope.freq_base", 10000f), ("qwen35.rope.dimension_count", (uint)Turning),
                ("qwen35.ssm.conv_kernel", (uint)Kernel), ("qwen35.ssm.state_size", (uint)StateSize), ("qwen35.ssm.group_count", (uint)KeyHeads),
                ("qwen35.ssm.time_step_rank", (uint)ValueHeads), ("qwen35.ssm.inner_size", (uint)Values), ("qwen35.full_attention_interval", 4u),
            ],
            [.. Tensors()],
            (tensor, file) => RandomTensors.Fill(tensor, file, random));

        static IEnumerable<TensorShape> Tensors()
        {
            yield return new("token_embd.weight", GgmlType.F16, Width, Vocabulary);
            yield return new("output.weight", GgmlType.F16, Width, Vocabulary);
            yield return new("output_norm.weight", GgmlType.F32, Width);
            for (var layer = 0; layer < Layers; layer++)
            {
                foreach (var tensor in Both().Concat(layer % 4 == 3 ? Attention() : DeltaNet()))
                    yield return tensor with { Name = $"blk.{layer}.{tensor.Name}" };
            }
        }
    }

    private static IEnumerable<TensorShape> Both() =>
    [
        new("attn_norm.weight", GgmlType.F32, Width), new("post_attention_norm.weight", GgmlType.F32, Width), new("ffn_gate.weight", GgmlType.F16, Width, Hidden),
        new("ffn_up.weight", GgmlType.F16, Width, Hidden), new("ffn_down.weight", GgmlType.F16, Hidden, Width),
    ];

    private static IEnumerable<TensorShape> Attention() =>
    [
        new("attn_q.weight", GgmlType.F16, Width, 2 * Heads * HeadSize), new("attn_k.weight", GgmlType.F16, Width, KvHeads * HeadSize),
        new("attn_v.weight", GgmlType.F16, Width, KvHeads * HeadSize), new("attn_output.weight", GgmlType.F16, Heads * HeadSize, Width),
        new("attn_q_norm.weight", GgmlType.F32, HeadSize), new("attn_k_norm.weight", GgmlType.F32, HeadSize),
    ];

    private static IEnumerable<TensorShape> DeltaNet() =>
    [
        new("attn_qkv.weight", GgmlType.F16, Width, Channels), new("attn_gate.weight", GgmlType.F16, Width, Values), new("ssm_conv1d.weight", GgmlType.F32, Kernel, Channels),
        new("ssm_dt.bias", GgmlType.F32, ValueHeads), new("ssm_a", GgmlType.F32, ValueHeads), new("ssm_beta.weight", GgmlType.F16, Width, ValueHeads),
        new("ssm_alpha.weight", GgmlType.F16, Width, ValueHeads), new("ssm_norm.weight", GgmlType.F32, StateSize), new("ssm_out.weight", GgmlType.F16, Values, Width),
    ];
}
