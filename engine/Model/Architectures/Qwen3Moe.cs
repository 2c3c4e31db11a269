using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>Qwen3 with mixtures of experts in place of its feed-forward layers.</summary>
internal sealed class Qwen3Moe : Architecture
{
    public override string Name => "qwen3moe";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.HalfSplit, heads);
        return model.Decoder(
            layer =>
            [
                layer.Branch("attn_norm", layer.WithHeadNorms(layer.Attention(heads, rope))),
                layer.Branch("ffn_norm", layer.Mixture(FeedForwardActivation.SwiGlu, ExpertGating.Softmax)),
            ],
            model.WindowedContext());
    }
}
