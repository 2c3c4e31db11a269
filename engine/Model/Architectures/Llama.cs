using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>Llama and all that share its layers (SmolLM2, Mistral, TinyLlama): plain attention, neighbours rotated.</summary>
internal sealed class Llama : Architecture
{
    public override string Name => "llama";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.Interleaved, heads);
        return model.Decoder(
            layer =>
            [
                layer.Branch("attn_norm", layer.Attention(heads, rope)),
                layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu)),
            ],
            model.WindowedContext());
    }
}
