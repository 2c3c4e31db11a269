using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Phi-3 and Phi-4: queries, keys and values are one matrix, gate and up another; frequencies are divided by long or short factors, by the context that
/// the model has, not by that of a prompt. A window that a file names bounds the context.
/// </summary>
internal sealed class Phi3 : Architecture
{
    public override string Name => "phi3";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var rope = Rope(model, heads);
        return model.Decoder(
            layer =>
            [
                layer.Branch("attn_norm", Attention(model, layer, heads, rope)),
                layer.Branch("ffn_norm", FeedForward(model, layer)),
            ],
            model.WindowedContext());
    }

    private static RopeSettings Rope(ModelReader model, HeadShape heads)
    {
        var rope = model.Rope(RopeLayout.HalfSplit, heads, model.Keys.Float("rope.freq_base", 1, 1e12f, 10000)) with
        {
            Magnitude = model.Keys.Float("rope.scaling.attn_factor", 0.01f, 100, 1),
        };
        const string Long = "rope_factors_long.weight", Short = "rope_factors_short.weight";
        if (!model.Tensors.Has(Long))
        {
            return rope;
        }

        var original = model.Keys.Integer("rope.scaling.original_context_length", 1, int.MaxValue, model.ContextLength);
        var (longer, shorter) = (model.Divided(rope, Long), model.Divided(rope, Short));
        return model.ContextLength > original ? longer : shorter;
    }

    private static AttentionOperator Attention(ModelReader model, LayerReader layer, HeadShape heads, RopeSettings rope)
    {
        var all = layer.Matrix("attn_qkv", model.Width, heads.QueryWidth + (2 * heads.KvWidth));
        return new AttentionOperator
        {
            Heads = heads,
            Query = all.Slice(0, heads.QueryWidth),
            Key = all.Slice(heads.QueryWidth, heads.KvWidth),
            Value = all.Slice(heads.QueryWidth + heads.KvWidth, heads.KvWidth),
            Output = layer.Matrix("attn_output", heads.QueryWidth, model.Width),
            Rope = rope,
            Scale = 1 / MathF.Sqrt(heads.Size),
        };
    }

    private static FeedForwardOperator FeedForward(ModelReader model, LayerReader layer)
    {
        var hidden = layer.FeedForwardWidth();
        var both = layer.Matrix("ffn_up", model.Width, 2L * hidden);
        return new FeedForwardOperator
        {
            Activation = FeedForwardActivation.SwiGlu,
            Gate = both.Slice(0, hidden),
            Up = both.Slice(hidden, hidden),
            Down = layer.Matrix("ffn_down", hidden, model.Width),
        };
    }
}
