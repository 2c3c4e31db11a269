using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>gpt-oss: sinks, a window on every second layer, YaRN, biases everywhere, experts with a clamped SwiGLU.</summary>
internal sealed class GptOss : Architecture
{
    public override string Name => "gpt-oss";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.HalfSplit, heads);
        var window = model.Keys.Integer("attention.sliding_window", 1, int.MaxValue);
        return model.Decoder(layer =>
        {
            var attention = layer.WithBiases(layer.Attention(heads, rope)) with
            {
                OutputBias = layer.Bias("attn_output", model.Width),
                Sinks = layer.Vector("attn_sinks", heads.Count),
                Window = layer.Index % 2 == 0 ? window : 0,
            };
            return [layer.Branch("attn_norm", attention), layer.Branch("post_attention_norm", Experts(model, layer))];
        });
    }

    private static MixtureOperator Experts(ModelReader model, LayerReader layer)
    {
        var mixture = layer.Mixture(FeedForwardActivation.ClampedSwiGlu, ExpertGating.SoftmaxOfChosen);
        var (hidden, experts) = (mixture.HiddenWidth, mixture.ExpertCount);
        return mixture with
        {
            RouterBias = layer.Bias("ffn_gate_inp", experts),
            GateBias = layer.Bias("ffn_gate_exps", hidden, experts),
            UpBias = layer.Bias("ffn_up_exps", hidden, experts),
            DownBias = layer.Bias("ffn_down_exps", model.Width, experts),
        };
    }
}
