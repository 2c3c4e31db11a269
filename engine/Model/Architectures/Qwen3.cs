using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>Qwen3: query and key heads are normalised before they turn.</summary>
internal sealed class Qwen3 : Architecture
{
    public override string Name => "qwen3";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.HalfSplit, heads);
        return model.Decoder(
            layer =>
            [
                layer.Branch("attn_norm", layer.WithHeadNorms(layer.Attention(heads, rope))),
                layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu)),
            ],
            model.WindowedContext());
    }
}
