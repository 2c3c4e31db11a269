using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>Ministral 3 and Mistral Small 4's dense relatives: as Llama, with YaRN whose magnitude cancels out, and scores that grow with the position.</summary>
internal sealed class Mistral3 : Architecture
{
    public override string Name => "mistral3";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var scale = model.Keys.Float("attention.temperature_scale", 0, 100, 0);
        var temperature = scale == 0 ? null : new AttentionTemperature(model.Keys.Integer("rope.scaling.original_context_length", 1, int.MaxValue), scale, 0);

        // What it multiplies magnitudes with cancels out where it is the same in both of YaRN's places, as in all files of the family.
        model.Keys.Float("rope.scaling.yarn_log_multiplier", 0, 100, 0);
        var rope = model.Rope(RopeLayout.Interleaved, heads) with { Magnitude = 1 };
        return model.Decoder(layer =>
        [
            layer.Branch("attn_norm", layer.Attention(heads, rope) with { Temperature = temperature }),
            layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu)),
        ]);
    }
}
