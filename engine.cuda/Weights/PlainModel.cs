using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>A layer of the one form that the kernels here have.</summary>
/// <param name="AttentionNorm">(width).</param>
/// <param name="Attention">Over all positions or a window.</param>
/// <param name="FeedForwardNorm">(width).</param>
/// <param name="AttentionPostNorm">Of what attention gives; null for none.</param>
/// <param name="FeedForward">Dense; null where there are experts.</param>
/// <param name="Mixture">Experts, or null.</param>
/// <param name="FeedForwardPostNorm">Of what the dense part gives; null for none.</param>
internal sealed record PlainLayer(
    GgufTensor AttentionNorm, AttentionOperator Attention, GgufTensor? AttentionPostNorm, GgufTensor FeedForwardNorm, FeedForwardOperator? FeedForward, MixtureOperator? Mixture,
    GgufTensor? FeedForwardPostNorm);

/// <summary>
/// A model whose layers are all attention, over all positions or a window, and a dense feed-forward part or experts with a gate, heads of one shape: what CUDA devices
/// run. Anything else is refused by the name of its architecture and operator.
/// </summary>
/// <param name="Layers">In order.</param>
internal sealed record PlainModel(IReadOnlyList<PlainLayer> Layers)
{
    /// <summary>Lengths of windows, at most: how each is shared out is part of what a graph is known by.</summary>
    private const int MostWindows = 8;

    /// <summary>The same model in this form.</summary>
    /// <exception cref="InvalidModelException">It is not of this form; the message says what is not, and what to do.</exception>
    public static PlainModel Of(DecoderGraph graph)
    {
        Refuse(graph, "per-layer embeddings", graph.PerLayer is not null);
        Refuse(graph, "layers that scale the residual stream", graph.Layers.Any(static layer => layer.OutputScale != 1));
        Refuse(graph, "scaled or capped logits", graph.LogitScale != 1 || graph.LogitCap != 0);
        PlainLayer[] layers = [.. graph.Layers.Select(layer => Layer(graph, layer))];
        var first = layers[0].Attention;
        Refuse(graph, "layers with heads of different shapes", layers.Any(layer => layer.Attention.Heads != first.Heads));
        Refuse(graph, $"windows of more than {MostWindows} lengths", layers.Select(static layer => layer.Attention.Window).Distinct().Count() > MostWindows + 1);
        return new PlainModel(layers);
    }

    private static PlainLayer Layer(DecoderGraph graph, DecoderLayer layer)
    {
        foreach (var step in layer.Operators)
        {
            Refuse(graph, step.Name, step is not (AttentionOperator or MixtureOperator or FeedForwardOperator { Share: null }));
            Refuse(graph, step.Name, step is FeedForwardOperator { Activation: FeedForwardActivation.SquaredRelu });
            if (step is AttentionOperator attention)
            {
                Check(graph, attention);
            }
            else if (step is MixtureOperator mixture)
            {
                Check(graph, mixture);
            }
        }

        Refuse(graph, "a scale of a part", layer.Branches.Any(static branch => branch.Scale != 1));
        Refuse(graph, "norms behind experts", layer.Branches.Any(static branch => branch.PostNorm is not null && branch.Operators.Any(static step => step is MixtureOperator)));
        Refuse(
            graph, "a norm behind a bias of attention's output",
            layer.Branches.Any(static branch => branch.PostNorm is not null && branch.Operators.Any(static step => step is AttentionOperator { OutputBias: not null })));
        Refuse(graph, "experts that all tokens go through beside others", layer.Branches.Any(static branch => branch.Operators.Count > 1 && branch.Operators.Any(static step => step is MixtureOperator)));
        return layer.Branches is [{ Operators: [AttentionOperator first] }, { Operators: [FeedForwardOperator or MixtureOperator] }]
            ? new PlainLayer(
                layer.Branches[0].Norm!, first, layer.Branches[0].PostNorm, layer.Branches[1].Norm!, layer.Branches[1].Operators[0] as FeedForwardOperator,
                layer.Branches[1].Operators[0] as MixtureOperator, layer.Branches[1].PostNorm)
            : throw Fault(graph, "layers that are not attention and then a feed-forward part");
    }

    private static void Check(DecoderGraph graph, AttentionOperator attention)
    {
        Refuse(graph, "chunked attention", attention.ChunkLength > 0);
        Refuse(graph, "gated attention", attention.HasOutputGate);
        Refuse(graph, "attention with the keys and values of another layer", attention.KeysOf is not null);
        Refuse(graph, "norms of values", attention.NormalisesValues);
        Refuse(graph, "attention whose values are its keys", attention.Value is null);
        Refuse(graph, "attention without rotary positions", attention.Rope is null);
        Refuse(graph, "biases of some of queries, keys and values", (attention.QueryBias is null) != (attention.KeyBias is null) || (attention.KeyBias is null) != (attention.ValueBias is null));
        Refuse(graph, "partial rotation", attention.Rope?.Dimensions != attention.Heads.Size);
        Refuse(graph, "norms of turned heads", attention.NormalisesTurned);
        Refuse(graph, "capped scores, or scores scaled by the position", attention.ScoreCap != 0 || attention.Temperature is not null);
    }

    private static void Check(DecoderGraph graph, MixtureOperator mixture)
    {
        Refuse(graph, $"experts with {mixture.Activation}", mixture.Activation == FeedForwardActivation.SquaredRelu);
        Refuse(graph, "a norm of the router's own", mixture.RouterNorm is not null);
        Refuse(graph, "experts whose input is weighed", mixture.WeighsInput);
        Refuse(graph, $"more than {ExpertWeights.MostExperts} experts", mixture.ExpertCount > ExpertWeights.MostExperts);
        Refuse(
            graph, $"experts whose matrices are not whole times {PackedFormats.TileRows} rows, or lie in different formats as gate and up do", !ExpertWeights.CanLoad(mixture));
    }

    private static void Refuse(DecoderGraph graph, string what, bool there)
    {
        if (there)
        {
            throw Fault(graph, what);
        }
    }

    private static InvalidModelException Fault(DecoderGraph graph, string what) => new(
        graph.Config.Name, "general.architecture", $"{graph.Config.Architecture} has {what}, which CUDA devices do not run yet; serve it with --devices cpu");
}
