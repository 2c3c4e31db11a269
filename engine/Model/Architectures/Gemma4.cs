using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// Gemma 4: Gemma 3's norms, embeddings and GELU; heads of another size where layers see a window; the last layers see the keys and values of the last layer of
/// their kind that has its own; scores are not scaled, values are normalised and may be the keys; small models are told of tokens in each layer, others have
/// experts beside the dense part.
/// </summary>
internal sealed class Gemma4 : Architecture
{
    private const int MaxHeadSize = 1024;
    private const int MaxFeedForward = 1 << 24;

    public override string Name => "gemma4";

    internal override DecoderGraph Describe(ModelReader model)
    {
        var isLocal = model.Keys.Flags("attention.sliding_window_pattern", model.BlockCount);
        var kvHeads = model.KvHeadsByLayer();
        var widths = model.Keys.Integers("feed_forward_length", model.BlockCount, 1, MaxFeedForward);
        var window = model.Keys.Integer("attention.sliding_window", 1, int.MaxValue);
        var own = model.BlockCount - model.Keys.Integer("attention.shared_kv_layers", 0, model.BlockCount - 1, 0);
        var (everywhere, nearby) = (Everywhere(model, kvHeads[Math.Max(0, Array.IndexOf(isLocal, false))]), Nearby(model));
        var perLayer = PerLayer(model);
        var cap = model.LogitCap();
        AttentionOperator? lastLocal = null, lastGlobal = null;
        var graph = model.Decoder(
            layer =>
            {
                var local = isLocal[layer.Index];
                var shared = layer.Index < own ? null : (local ? lastLocal : lastGlobal) ?? throw model.Keys.Fault("attention.shared_kv_layers", $"layer {layer.Index} sees the keys of a layer of its kind before {own}, and there is none");
                var heads = local ? model.Heads(kvHeads[layer.Index]) with { Size = nearby.HeadSize } : model.Heads(kvHeads[layer.Index]);
                var attention = shared is null ? Attention(layer, heads) : Sharing(layer, heads, shared);
                attention = attention with { Rope = local ? nearby.Rope : everywhere, Window = local ? window : 0 };
                if (shared is null)
                {
                    (lastLocal, lastGlobal) = local ? (attention, lastGlobal) : (lastLocal, attention);
                }

                return
                [
                    layer.BranchBetween("attn_norm", "post_attention_norm", attention),
                    FeedForward(model, layer, widths[layer.Index]),
                    .. perLayer is null ? Array.Empty<ResidualBranch>() : [Told(model, layer, perLayer)],
                ];
            },
            outputScales: true,
            perLayer: perLayer);
        return graph with { EmbeddingScale = MathF.Sqrt(model.Width), LogitCap = cap };
    }

    private static AttentionOperator Attention(LayerReader layer, HeadShape heads) => layer.WithHeadNorms(new AttentionOperator
    {
        Heads = heads,
        Query = layer.QueryMatrix(heads),
        Key = layer.KeyMatrix("attn_k", heads),
        Value = layer.Has("attn_v") ? layer.KeyMatrix("attn_v", heads) : null,
        Output = layer.OutputMatrix(heads),
        Scale = 1,
        NormalisesValues = true,
    });

    private static AttentionOperator Sharing(LayerReader layer, HeadShape heads, AttentionOperator shared)
    {
        // Some files keep what nobody multiplies with.
        layer.Skip("attn_k");
        layer.Skip("attn_v");
        layer.Skip("attn_k_norm");
        return new AttentionOperator
        {
            Heads = heads with { KvCount = shared.Heads.KvCount },
            Query = layer.QueryMatrix(heads),
            Key = null,
            Value = null,
            KeysOf = shared,
            Output = layer.OutputMatrix(heads),
            QueryNorm = layer.Vector("attn_q_norm", heads.Size),
            Scale = 1,
        };
    }

    private static ResidualBranch FeedForward(ModelReader model, LayerReader layer, int width)
    {
        var dense = layer.FeedForward(FeedForwardActivation.GeGlu, width);
        if (!layer.Has("ffn_gate_inp"))
        {
            return layer.BranchBetween("ffn_norm", "post_ffw_norm", dense);
        }

        var experts = layer.ExpertCount();
        var mixture = layer.Mixture(FeedForwardActivation.GeGlu, ExpertGating.Softmax) with
        {
            RouterNorm = layer.Plain("ffn_gate_inp.scale", model.Width),
            RouterScale = 1 / MathF.Sqrt(model.Width),
            OutputScale = layer.HasPlain("ffn_down_exps.scale") ? layer.Plain("ffn_down_exps.scale", experts) : null,
        };
        return new ResidualBranch
        {
            Norm = null,
            Operators = [],
            Parts = [layer.BranchBetween("ffn_norm", "post_ffw_norm_1", dense), layer.BranchBetween("pre_ffw_norm_2", "post_ffw_norm_2", mixture)],
            PostNorm = layer.Vector("post_ffw_norm", model.Width),
        };
    }

    private static ResidualBranch Told(ModelReader model, LayerReader layer, PerLayerInput input) => new()
    {
        Norm = null,
        Operators =
        [
            new PerLayerInputOperator { Gate = layer.Matrix("inp_gate", model.Width, input.Size), Output = layer.Matrix("proj", input.Size, model.Width), Layer = layer.Index },
        ],
        PostNorm = layer.Vector("post_norm", model.Width),
    };

    private static PerLayerInput? PerLayer(ModelReader model)
    {
        var size = model.Keys.Integer("embedding_length_per_layer_input", 0, 1 << 16, 0);
        if (size == 0)
        {
            return null;
        }

        if (size % 16 != 0)
        {
            throw model.Keys.Fault("embedding_length_per_layer_input", $"{size} is no multiple of 16");
        }

        var all = (long)size * model.BlockCount;
        return new PerLayerInput(
            model.Tensors.Matrix("per_layer_token_embd.weight", all, model.VocabularySize),
            model.Tensors.Matrix("per_layer_model_proj.weight", model.Width, all),
            model.Tensors.Vector("per_layer_proj_norm.weight", size));
    }

    private static RopeSettings Everywhere(ModelReader model, int kvHeads) => model.Rope(RopeLayout.HalfSplit, model.Heads(kvHeads));

    private static (int HeadSize, RopeSettings Rope) Nearby(ModelReader model)
    {
        var size = model.Keys.Integer("attention.key_length_swa", 2, MaxHeadSize);
        model.Keys.Integer("attention.value_length_swa", size, size, size);
        var dimensions = model.Keys.Integer("rope.dimension_count_swa", 2, size, size);
        return size % 2 == 0 && dimensions % 2 == 0
            ? (size, new RopeSettings(RopeLayout.HalfSplit, RopeSettings.Plain(model.Keys.Float("rope.freq_base_swa", 1, 1e12f, 10000), dimensions)))
            : throw model.Keys.Fault("attention.key_length_swa", $"heads of {size} values of which {dimensions} turn; both must be even");
    }
}
