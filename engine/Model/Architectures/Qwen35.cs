using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Qwen3.5 to Qwen3.8 and Qwen3-Next, dense or with experts: gated delta nets, and each fourth layer attention with a gate behind it. Heads for further tokens have
/// attention alone; their hidden states are those after the final norm (https://github.com/ggml-org/llama.cpp/pull/24025).
/// </summary>
internal sealed class Qwen35(string name) : Architecture
{
    public override string Name => name;

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.HalfSplit, heads);
        var interval = model.Keys.Integer("full_attention_interval", 1, 4096, 4);
        var predicting = model.Keys.Integer("nextn_predict_layers", 0, model.BlockCount - 1, 0);
        return model.Decoder(
            layer => [layer.Branch("attn_norm", (layer.Index + 1) % interval == 0 ? Attention(model, layer, heads, rope) : DeltaNet(model, layer)), FeedForward(model, layer)],
            predicting: predicting,
            head: layer => [layer.Branch("attn_norm", Attention(model, layer, heads, rope)), FeedForward(model, layer)]);
    }

    private static ResidualBranch FeedForward(ModelReader model, LayerReader layer) =>
        layer.Has("ffn_gate_inp") ? Experts(model, layer) : layer.Branch("post_attention_norm", layer.FeedForward(FeedForwardActivation.SwiGlu));

    private static AttentionOperator Attention(ModelReader model, LayerReader layer, HeadShape heads, RopeSettings rope) =>
        layer.WithHeadNorms(layer.Attention(heads, rope, layer.Matrix("attn_q", model.Width, 2L * heads.QueryWidth)) with { HasOutputGate = true });

    private static ResidualBranch Experts(ModelReader model, LayerReader layer)
    {
        var mixture = layer.Mixture(FeedForwardActivation.SwiGlu, ExpertGating.Softmax);
        var shared = layer.SharedExperts(FeedForwardActivation.SwiGlu, model.Keys.Integer("expert_shared_feed_forward_length", 1, 1 << 24, layer.ExpertWidth()));
        return layer.Branch("post_attention_norm", mixture, shared with { Share = layer.Matrix("ffn_gate_inp_shexp", model.Width) });
    }

    private GatedDeltaNetOperator DeltaNet(ModelReader model, LayerReader layer)
    {
        const int MostHeads = 4096, MostHeadSize = 1024;
        var size = model.Keys.Integer("ssm.state_size", 1, MostHeadSize);
        var keyHeads = model.Keys.Integer("ssm.group_count", 1, MostHeads);
        var valueHeads = model.Keys.Integer("ssm.time_step_rank", keyHeads, MostHeads);
        if (valueHeads % keyHeads != 0)
        {
            throw model.Keys.Fault("ssm.time_step_rank", $"{valueHeads} value heads are no multiple of {keyHeads} key heads");
        }

        if (size % 16 != 0)
        {
            throw model.Keys.Fault("ssm.state_size", $"{size} is no multiple of 16");
        }

        var values = valueHeads * size;
        var channels = (2 * keyHeads * size) + values;
        model.Keys.Integer("ssm.inner_size", values, values, values);
        var kernel = model.Keys.Integer("ssm.conv_kernel", 2, 64);
        model.CheckState(((long)channels * kernel) + ((long)values * size));
        var together = layer.Has("ssm_ba");
        return new GatedDeltaNetOperator
        {
            KeyHeads = keyHeads,
            ValueHeads = valueHeads,
            HeadSize = size,
            NeighboursShareKeys = Name == "qwen3next",
            QueryKeyValue = layer.Matrix("attn_qkv", model.Width, channels),
            Gate = layer.Matrix("attn_gate", model.Width, values),
            Beta = together ? null : layer.Matrix("ssm_beta", model.Width, valueHeads),
            Alpha = together ? null : layer.Matrix("ssm_alpha", model.Width, valueHeads),
            BetaAlpha = together ? layer.Matrix("ssm_ba", model.Width, 2L * valueHeads) : null,
            Convolution = layer.Vector("ssm_conv1d", kernel, channels),
            DecayRate = layer.Plain("ssm_a", valueHeads),
            DecayBias = layer.Bias("ssm_dt", valueHeads),
            OutputNorm = layer.Vector("ssm_norm", size),
            Output = layer.Matrix("ssm_out", values, model.Width),
        };
    }
}
