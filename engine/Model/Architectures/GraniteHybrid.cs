using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Granite 4: Mamba-2, with attention in some layers, which mostly does not tell positions; four scales; experts with one for all tokens, or a dense part.
/// </summary>
internal sealed class GraniteHybrid : Architecture
{
    private const float MostScale = 1e6f;

    public override string Name => "granitehybrid";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var kvHeads = model.KvHeadsByLayer();
        var heads = model.Heads(kvHeads.Max());
        var rope = model.Keys.Flag("rope.scaling.finetuned", true) ? model.Rope(RopeLayout.Interleaved, heads) : null;
        model.Keys.Integer("rope.dimension_count", 2, heads.Size, heads.Size);
        var scale = model.Keys.Float("attention.scale", 0, MostScale, 0);
        var residual = model.Keys.Float("residual_scale", 1e-6f, MostScale, 1);
        var embedding = model.Keys.Float("embedding_scale", 1e-6f, MostScale, 1);
        var logits = model.Keys.Float("logit_scale", 1e-6f, MostScale, 1);
        var graph = model.Decoder(layer =>
        {
            var attends = kvHeads[layer.Index] > 0;
            LayerOperator mixer = attends
                ? layer.Attention(model.Heads(kvHeads[layer.Index]), rope) with { Scale = scale == 0 ? 1 / MathF.Sqrt(heads.Size) : scale }
                : layer.Mamba2();
            return
            [
                layer.Branch("attn_norm", mixer) with { Scale = residual },
                FeedForward(model, layer) with { Scale = residual },
            ];
        });
        return graph with { EmbeddingScale = embedding, LogitScale = 1 / logits };
    }

    private static ResidualBranch FeedForward(ModelReader model, LayerReader layer)
    {
        if (!layer.Has("ffn_gate_inp"))
        {
            return layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu));
        }

        var mixture = layer.Mixture(FeedForwardActivation.SwiGlu, ExpertGating.Softmax, layer.FeedForwardWidth());
        var shared = model.Keys.Integer("expert_shared_feed_forward_length", 0, 1 << 24, 0);
        return shared == 0
            ? layer.Branch("ffn_norm", mixture)
            : layer.Branch("ffn_norm", mixture, layer.SharedExperts(FeedForwardActivation.SwiGlu, shared));
    }
}
