using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>LFM2: short convolutions, with attention in some layers; lfm2moe has experts behind its first layers.</summary>
internal sealed class Lfm2(string name) : Architecture
{
    public override string Name => name;

    internal override DecoderGraph Describe(ModelReader model)
    {
        var kvHeads = model.KvHeadsByLayer();
        var heads = model.Heads(kvHeads.Max());
        var rope = model.Rope(RopeLayout.HalfSplit, heads);
        var kernel = model.Keys.Integer("shortconv.l_cache", 2, 64);
        var dense = model.Keys.Integer("leading_dense_block_count", 0, model.BlockCount, 0);
        return model.Decoder(
            layer =>
            [
                kvHeads[layer.Index] > 0
                    ? layer.Branch("attn_norm", layer.WithHeadNorms(layer.Attention(model.Heads(kvHeads[layer.Index]), rope)))
                    : layer.Branch("attn_norm", new ShortConvolutionOperator
                    {
                        Input = layer.Matrix("shortconv.in_proj", model.Width, 3L * model.Width),
                        Convolution = layer.Vector("shortconv.conv", kernel, model.Width),
                        Output = layer.Matrix("shortconv.out_proj", model.Width, model.Width),
                    }),
                layer.Has("ffn_gate_inp") && layer.Index >= dense
                    ? layer.Branch("ffn_norm", layer.BiasedMixture(FeedForwardActivation.SwiGlu) with { NormalisesWeights = true })
                    : layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu)),
            ],
            outputNorm: "token_embd_norm");
    }
}
