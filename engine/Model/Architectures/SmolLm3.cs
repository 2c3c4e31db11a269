using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>SmolLM3: as Llama, but each fourth layer does not tell positions.</summary>
internal sealed class SmolLm3 : Architecture
{
    public override string Name => "smollm3";

    internal override DecoderGraph Describe(ModelReader model)
    {
        const int Period = 4;
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.Interleaved, heads);
        return model.Decoder(layer =>
        [
            layer.Branch("attn_norm", layer.Attention(heads, (layer.Index + 1) % Period == 0 ? null : rope)),
            layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu)),
        ]);
    }
}
