using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// DeepSeek V2 to V3, Kimi K2, GLM-4.7-Flash: latent attention, first layers dense, then experts with some for all tokens. Files from before the absorbed form
/// (without <c>attn_k_b</c>) are refused. Heads for further tokens are as other layers, and take in states after the final norm (https://github.com/ROCm/ATOM/pull/1764).
/// </summary>
internal sealed class DeepSeek2 : Architecture
{
    private const int MostHeads = 4096;
    private const int MostSize = 4096;
    private const int MostRank = 1 << 16;

    public override string Name => "deepseek2";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var keys = model.Keys;
        var heads = new HeadShape(keys.Integer("attention.head_count", 1, MostHeads), keys.Integer("attention.head_count_kv", 1, 1), keys.Integer("attention.key_length", 4, MostSize));
        var rank = keys.Integer("attention.kv_lora_rank", 1, heads.Size);
        var rope = model.Rope(RopeLayout.Interleaved, heads) with { Magnitude = 1 };
        var full = keys.Integer("attention.key_length_mla", rope.Dimensions + 1, MostRank);
        if (rank + rope.Dimensions != heads.Size)
        {
            throw keys.Fault("attention.key_length", $"{heads.Size} is not the sum of {rank} (kv_lora_rank) and {rope.Dimensions} (rope.dimension_count)");
        }

        keys.Integer("attention.value_length", rank, rank, rank);

        // YaRN sharpens the scores instead of the magnitudes.
        var stretch = 1 + (keys.Float("rope.scaling.yarn_log_multiplier", 0, 100, 0) * Math.Log(keys.Float("rope.scaling.factor", 1, 1e6f, 1)));
        var shape = new LatentShape(heads, rank, full, keys.Integer("attention.value_length_mla", 1, MostRank), rope, (float)(stretch * stretch / Math.Sqrt(full)));
        var dense = keys.Integer("leading_dense_block_count", 0, model.BlockCount, 0);
        var predicting = keys.Integer("nextn_predict_layers", 0, model.BlockCount - 1, 0);
        return model.Decoder(Layer, predicting: predicting, head: Layer);

        IReadOnlyList<ResidualBranch> Layer(LayerReader layer) =>
        [
            layer.Branch("attn_norm", Attention(model, layer, shape)),
            layer.Index < dense
                ? layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu))
                : layer.Branch("ffn_norm", layer.BiasedMixture(FeedForwardActivation.SwiGlu, ExpertGating.Softmax), layer.SharedExperts(FeedForwardActivation.SwiGlu)),
        ];
    }

    private static LatentAttentionOperator Attention(ModelReader model, LayerReader layer, LatentShape shape)
    {
        var (heads, rank, plain) = (shape.Heads, shape.Rank, shape.Full - shape.Rope.Dimensions);
        var queryRank = model.Keys.Integer("attention.q_lora_rank", 0, MostRank, 0);
        var keys = layer.Matrix("attn_k_b", plain, rank, heads.Count);
        var values = layer.Matrix("attn_v_b", rank, shape.Value, heads.Count);
        return new LatentAttentionOperator
        {
            QueryDown = queryRank == 0 ? null : layer.Matrix("attn_q_a", model.Width, queryRank),
            QueryNorm = queryRank == 0 ? null : layer.Vector("attn_q_a_norm", queryRank),
            LatentNorm = layer.Vector("attn_kv_a_norm", rank),
            KeyHeads = Split(keys, heads.Count),
            ValueHeads = Split(values, heads.Count),
            Core = new AttentionOperator
            {
                Heads = heads,
                Query = queryRank == 0
                    ? layer.Matrix("attn_q", model.Width, (long)heads.Count * shape.Full) : layer.Matrix("attn_q_b", queryRank, (long)heads.Count * shape.Full),
                Key = layer.Matrix("attn_kv_a_mqa", model.Width, heads.Size),
                Value = null,
                Output = layer.Matrix("attn_output", (long)heads.Count * shape.Value, model.Width),
                Rope = shape.Rope,
                Scale = shape.Scale,
            },
        };
    }

    private static GgufTensor[] Split(GgufTensor all, int heads) =>
        [.. Enumerable.Range(0, heads).Select(head => all.Slice(head * (all.Rows / heads), all.Rows / heads))];

    /// <param name="Heads">Of the latent form.</param>
    /// <param name="Rank">Values of a latent row.</param>
    /// <param name="Full">Values of a head's query.</param>
    /// <param name="Value">Values of a head's output.</param>
    /// <param name="Rope">How the turning part turns.</param>
    /// <param name="Scale">Of scores.</param>
    private sealed record LatentShape(HeadShape Heads, int Rank, int Full, int Value, RopeSettings Rope, float Scale);
}
