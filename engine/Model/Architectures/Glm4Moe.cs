using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// GLM-4.5 and 4.6: half of a head turns, biases of queries, keys and values, experts chosen by sigmoids with a bias, one of them for all tokens. Heads for further tokens are as
/// other layers; what they take in and go on with are states after a final norm (https://github.com/vllm-project/vllm/pull/47448).
/// </summary>
internal sealed class Glm4Moe : Architecture
{
    public override string Name => "glm4moe";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.HalfSplit, heads);
        var dense = model.Keys.Integer("leading_dense_block_count", 0, model.BlockCount, 0);
        var predicting = model.Keys.Integer("nextn_predict_layers", 0, model.BlockCount - 1, 0);
        return model.Decoder(Layer, predicting: predicting, head: Layer);

        IReadOnlyList<ResidualBranch> Layer(LayerReader layer)
        {
            // The small models of the family have no norms of heads.
            var attention = layer.WithBiases(layer.Attention(heads, rope));
            attention = layer.Has("attn_q_norm") ? layer.WithHeadNorms(attention) : attention;
            return
            [
                layer.Branch("attn_norm", attention),
                layer.Index < dense
                    ? layer.Branch("post_attention_norm", layer.FeedForward(FeedForwardActivation.SwiGlu))
                    : layer.Branch("post_attention_norm", layer.BiasedMixture(FeedForwardActivation.SwiGlu), layer.SharedExperts(FeedForwardActivation.SwiGlu)),
            ];
        }
    }
}
