using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Llama 4: three layers that see a chunk and normalise turned heads, then one that sees all and does not tell positions but for a temperature; experts
/// weigh their input, and one is for all tokens.
/// </summary>
internal sealed class Llama4 : Architecture
{
    public override string Name => "llama4";

    internal override DecoderGraph Describe(ModelReader model)
    {
        const int Period = 4, ChunkLength = 8192;
        var heads = model.Heads();
        var rope = model.Rope(RopeLayout.Interleaved, heads);
        var step = model.Keys.Integer("interleave_moe_layer_step", 0, model.BlockCount, 1);
        var chunk = model.Keys.Integer("attention.chunk_size", 1, int.MaxValue, ChunkLength);
        var temperature = new AttentionTemperature(ChunkLength, 0.1f, 1);

        // Llama.cpp takes the norm of turned heads from the number of experts: that of 128 has none.
        const int ExpertsWithoutNorm = 128;
        var normalises = model.Keys.Integer("expert_count", 0, 65536, 0) != ExpertsWithoutNorm;
        return model.Decoder(layer =>
        {
            var seesAll = (layer.Index + 1) % Period == 0;
            var attention = seesAll
                ? layer.Attention(heads, null) with { Temperature = temperature }
                : layer.Attention(heads, rope) with { ChunkLength = chunk, NormalisesTurned = normalises };
            return
            [
                layer.Branch("attn_norm", attention),
                step > 0 && (layer.Index + 1) % step == 0 ? Experts(layer) : layer.Branch("ffn_norm", layer.FeedForward(FeedForwardActivation.SwiGlu)),
            ];
        });
    }

    private static ResidualBranch Experts(LayerReader layer)
    {
        var mixture = layer.Mixture(FeedForwardActivation.SwiGlu, ExpertGating.Sigmoid) with { NormalisesWeights = false, WeighsInput = true };
        return layer.Branch("ffn_norm", mixture, layer.SharedExperts(FeedForwardActivation.SwiGlu, layer.ExpertWidth()));
    }
}
