using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>Nemotron-H: each layer is one part, Mamba-2, attention that does not tell positions, or a feed-forward part without a gate.</summary>
internal sealed class NemotronH : Architecture
{
    public override string Name => "nemotron_h";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var kvHeads = model.KvHeadsByLayer();
        var hidden = model.Keys.Integers("feed_forward_length", model.BlockCount, 0, 1 << 24);
        var heads = model.Heads(kvHeads.Max());
        model.Keys.Integer("rope.dimension_count", 2, heads.Size, heads.Size);
        return model.Decoder(layer =>
        {
            LayerOperator part = kvHeads[layer.Index] > 0
                ? layer.Attention(model.Heads(kvHeads[layer.Index]), null)
                : hidden[layer.Index] > 0 ? FeedForward(model, layer, hidden[layer.Index]) : layer.Mamba2();
            return [layer.Branch("attn_norm", part)];
        });
    }

    private static FeedForwardOperator FeedForward(ModelReader model, LayerReader layer, int hidden)
    {
        var up = layer.Matrix("ffn_up", model.Width, hidden);
        return new FeedForwardOperator
        {
            Activation = FeedForwardActivation.SquaredRelu,
            Gate = up,
            Up = up,
            Down = layer.Matrix("ffn_down", hidden, model.Width),
        };
    }
}
