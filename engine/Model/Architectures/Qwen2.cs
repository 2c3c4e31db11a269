using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>Qwen2 and Qwen2.5: biases on query, key and value.</summary>
internal sealed class Qwen2 : Architecture
{
    public override string Name => "qwen2";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.HalfSplit, heads);
        return model.Decoder(
            layer =>
            [
                layer.Branch("attn_norm", layer.WithBiases(layer.Attention(heads, rope))),
                layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu)),
            ],
            model.WindowedContext());
    }
}
