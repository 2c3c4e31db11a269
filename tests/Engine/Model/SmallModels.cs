using Crescent.Engine.Model.Gguf;
using Crescent.Tests.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model;

/// <summary>The smallest right file of each architecture: one layer, weights of zero. Tests change what they are about.</summary>
internal static class SmallModels
{
    public const int Width = 32;
    public const int Heads = 4;
    public const int KvHeads = 2;
    public const int HeadSize = 16;
    public const int FeedForward = 64;
    public const int Vocabulary = 8;
    public const int Experts = 3;

    /// <summary>A file of llama, qwen2, qwen3 or qwen3moe with a tied head.</summary>
    public static GgufBuilder Decoder(string architecture)
    {
        var moe = architecture == "qwen3moe";
        var file = new GgufBuilder()
            .Set("general.architecture", architecture)
            .Set("general.name", "small")
            .Set($"{architecture}.block_count", 1u)
            .Set($"{architecture}.context_length", 128u)
            .Set($"{architecture}.embedding_length", (uint)Width)
            .Set($"{architecture}.feed_forward_length", (uint)FeedForward)
            .Set($"{architecture}.attention.head_count", (uint)Heads)
            .Set($"{architecture}.attention.head_count_kv", (uint)KvHeads)
            .Set($"{architecture}.attention.key_length", (uint)HeadSize)
            .Set($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5f)
            .Set($"{architecture}.rope.freq_base", 10000f)
            .Set("tokenizer.ggml.tokens", new[] { "a", "b", "c", "d", "e", "f", "g", "<end>" })
            .Set("tokenizer.ggml.token_type", new[] { 1, 1, 1, 1, 1, 1, 1, 3 })
            .Tensor("token_embd.weight", GgmlType.Q8_0, [Width, Vocabulary])
            .Tensor("output_norm.weight", GgmlType.F32, [Width])
            .Tensor("blk.0.attn_norm.weight", GgmlType.F32, [Width])
            .Tensor("blk.0.attn_q.weight", GgmlType.F16, [Width, Heads * HeadSize])
            .Tensor("blk.0.attn_k.weight", GgmlType.Q4_0, [Width, KvHeads * HeadSize])
            .Tensor("blk.0.attn_v.weight", GgmlType.Q5_1, [Width, KvHeads * HeadSize])
            .Tensor("blk.0.attn_output.weight", GgmlType.IQ4_NL, [Heads * HeadSize, Width])
            .Tensor("blk.0.ffn_norm.weight", GgmlType.F32, [Width]);
        if (architecture == "qwen2")
        {
            file.Tensor("blk.0.attn_q.bias", GgmlType.F32, [Heads * HeadSize])
                .Tensor("blk.0.attn_k.bias", GgmlType.F32, [KvHeads * HeadSize])
                .Tensor("blk.0.attn_v.bias", GgmlType.F32, [KvHeads * HeadSize]);
        }

        if (architecture.StartsWith("qwen3", StringComparison.Ordinal))
        {
            file.Tensor("blk.0.attn_q_norm.weight", GgmlType.F32, [HeadSize]).Tensor("blk.0.attn_k_norm.weight", GgmlType.F32, [HeadSize]);
        }

        if (!moe)
        {
            return file
                .Tensor("blk.0.ffn_gate.weight", GgmlType.Q4_1, [Width, FeedForward])
                .Tensor("blk.0.ffn_up.weight", GgmlType.Q5_0, [Width, FeedForward])
                .Tensor("blk.0.ffn_down.weight", GgmlType.BF16, [FeedForward, Width]);
        }

        return file
            .Set($"{architecture}.expert_count", (uint)Experts)
            .Set($"{architecture}.expert_used_count", 2u)
            .Set($"{architecture}.expert_feed_forward_length", (uint)FeedForward)
            .Tensor("blk.0.ffn_gate_inp.weight", GgmlType.F32, [Width, Experts])
            .Tensor("blk.0.ffn_gate_exps.weight", GgmlType.Q4_0, [Width, FeedForward, Experts])
            .Tensor("blk.0.ffn_up_exps.weight", GgmlType.Q4_0, [Width, FeedForward, Experts])
            .Tensor("blk.0.ffn_down_exps.weight", GgmlType.Q4_0, [FeedForward, Width, Experts]);
    }
}
