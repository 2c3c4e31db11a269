using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Gemma 3: five layers that see a window, then one that sees all, each kind with a base of its own; norms before and behind each part; scaled
/// embeddings; GELU.
/// </summary>
internal sealed class Gemma3 : Architecture
{
    public override string Name => "gemma3";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var everywhere = model.Rope(RopeLayout.HalfSplit, heads);
        var nearby = model.Rope(RopeLayout.HalfSplit, heads, model.Keys.Float("rope.freq_base_swa", 1, 1e12f, 10000));
        var window = model.Keys.Integer("attention.sliding_window", 1, int.MaxValue);
        var period = model.Keys.Integer("attention.sliding_window_pattern", 1, 4096, 6);

        // The 27B model, the one with 62 layers, scales by the width a head would have if heads made up the residual stream.
        const int LayersOf27B = 62;
        var scale = 1 / MathF.Sqrt(model.BlockCount == LayersOf27B ? model.Width / heads.Count : heads.Size);
        var cap = model.LogitCap();
        var graph = model.Decoder(layer =>
        {
            var seesAll = layer.Index % period == period - 1;
            var attention = layer.WithHeadNorms(layer.Attention(heads, seesAll ? everywhere : nearby)) with { Window = seesAll ? 0 : window, Scale = scale };
            return
            [
                layer.BranchBetween("attn_norm", "post_attention_norm", attention),
                layer.BranchBetween("ffn_norm", "post_ffw_norm", layer.FeedForward(FeedForwardActivation.GeGlu)),
            ];
        });
        return graph with { EmbeddingScale = MathF.Sqrt(model.Width), LogitCap = cap };
    }
}
