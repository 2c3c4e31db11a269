using Crescent.Engine.Cuda.Steps;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>What of a model CUDA devices run; anything else is refused by the name of its architecture and operator.</summary>
internal static class ModelFit
{
    /// <summary>Lengths of windows, at most: how each is shared out is part of what a graph is known by.</summary>
    private const int MostWindows = 8;

    /// <summary>Refuses what devices do not run.</summary>
    /// <exception cref="InvalidModelException">The message says what it is, and what to do.</exception>
    public static void Check(DecoderGraph graph)
    {
        Refuse(graph, "layers that scale the residual stream behind a branch without a norm behind it", graph.Layers.Any(static layer => layer.OutputScale != 1 && layer.Branches[^1].PostNorm is null));
        var branches = graph.Layers.SelectMany(static layer => layer.Branches).ToArray();
        foreach (var branch in branches)
        {
            Check(graph, branch);
        }

        AttentionOperator[] attentions = [.. AttentionOperator.Among(graph.Operators)];
        Refuse(graph, "no attention", attentions.Length == 0);
        LatentAttentionOperator[] latents = [.. graph.Operators.OfType<LatentAttentionOperator>()];
        Refuse(graph, "latent attention beside another kind", latents.Length > 0 && latents.Length < attentions.Length);
        Refuse(graph, "latents of different ranks", latents.Any(latent => latent.Rank != latents[0].Rank));
        Refuse(graph, $"windows and chunks of more than {MostWindows} lengths", attentions.Select(AttentionWeights.ReachOf).Distinct().Count() > MostWindows + 1);
        Refuse(graph, "a bias behind the last layer", HasOutputBias(branches[^1]));
        Refuse(graph, "a branch without a norm behind a bias of attention's output", branches.Zip(branches.Skip(1)).Any(static pair => HasOutputBias(pair.First) && FirstNorm(pair.Second) is null));
    }

    private static bool HasOutputBias(ResidualBranch branch) => branch.Operators.Any(static step => step is AttentionOperator { OutputBias: not null });

    private static GgufTensor? FirstNorm(ResidualBranch branch) => branch.Parts.Count > 0 ? branch.Parts[0].Norm : branch.Norm;

    private static void Check(DecoderGraph graph, ResidualBranch branch)
    {
        Refuse(graph, "a scaled part behind a norm", branch.Scale != 1 && (branch.PostNorm is not null || branch.Parts.Count > 0));
        Refuse(graph, "attention among parts with norms of their own", branch.Parts.SelectMany(static part => part.Operators).Any(static step => step is AttentionOperator or LatentAttentionOperator));
        foreach (var part in branch.Parts)
        {
            Check(graph, part);
        }

        Refuse(graph, "operators beside parts with norms of their own", branch.Parts.Count > 0 && (branch.Operators.Count > 0 || branch.Norm is not null));
        Refuse(graph, "one part with norms of its own", branch.Parts.Count == 1);
        Refuse(graph, "several parts without a norm of their sum", branch.Parts.Count > 1 && branch.PostNorm is null);
        Refuse(graph, "parts in parts, or scaled ones", branch.Parts.Any(static part => part.Parts.Count > 0 || part.Scale != 1));
        var told = branch.Operators.Any(static step => step is PerLayerInputOperator);
        Refuse(graph, "per-layer embeddings without a table", told && graph.PerLayer is null);
        Refuse(graph, "per-layer embeddings behind a norm or beside other operators", told && (branch.Norm is not null || branch.Operators.Count > 1));
        Refuse(graph, "a branch without a norm", branch.Norm is null && !told && branch.Parts.Count == 0);
        foreach (var step in branch.Operators)
        {
            switch (step)
            {
                case AttentionOperator attention:
                    Check(graph, attention);
                    Refuse(graph, "a norm or a scale behind a bias of attention's output", attention.OutputBias is not null && (branch.PostNorm is not null || branch.Scale != 1 || branch.Operators.Count > 1));
                    break;
                case LatentAttentionOperator latent:
                    Check(graph, latent);
                    break;
                case MixtureOperator mixture:
                    Check(graph, mixture, branch.Scale);
                    break;
                case FeedForwardOperator or PerLayerInputOperator:
                    break;
                case GatedDeltaNetOperator or Mamba2Operator or ShortConvolutionOperator:
                    var shape = StateShape.Of((StateOperator)step);
                    Refuse(
                        graph, $"states of {shape.Columns} values a row, where CUDA devices take multiples of {StateShape.ColumnUnit} up to {StateShape.MostColumns}",
                        shape.Columns % StateShape.ColumnUnit != 0 || shape.Columns > StateShape.MostColumns);
                    break;
                default:
                    throw Fault(graph, step.Name);
            }
        }
    }

    private static void Check(DecoderGraph graph, AttentionOperator attention)
    {
        Refuse(graph, $"chunks of {attention.ChunkLength} positions, which are not whole times {KvPool.Slots},", attention.ChunkLength % KvPool.Slots != 0 && attention.ChunkLength < graph.Config.ContextLength);
        Refuse(graph, "attention that sees another layer's keys further or less far than that, or with heads of another size", attention.KeysOf is { } owner && !Sees(attention, owner));
        Refuse(graph, "attention without keys", attention.Key is null && attention.KeysOf is null);
        Refuse(graph, "biases of some of queries, keys and values", (attention.QueryBias is null) != (attention.KeyBias is null) || (attention.KeyBias is null) != (attention.ValueBias is null));
        Refuse(graph, "biases of gated attention", attention.HasOutputGate && attention.QueryBias is not null);
        Refuse(graph, "norms of heads before and after they turn", attention.NormalisesTurned && (attention.QueryNorm ?? attention.KeyNorm) is not null);
        Refuse(graph, "norms of heads that turning makes longer", attention.NormalisesTurned && attention.Rope is { Magnitude: not 1 });
        Refuse(graph, "capped scores", attention.ScoreCap != 0);
    }

    private static bool Sees(AttentionOperator attention, AttentionOperator owner) =>
        owner.KeysOf is null && AttentionWeights.ReachOf(attention) == AttentionWeights.ReachOf(owner) && (attention.Heads.Size, attention.Heads.KvCount) == (owner.Heads.Size, owner.Heads.KvCount);

    private static void Check(DecoderGraph graph, LatentAttentionOperator latent)
    {
        var core = latent.Core;
        Refuse(
            graph, $"latents of {latent.Rank} values, where CUDA devices take multiples of 8 up to {KvPool.LatentValue}", latent.Rank % 8 != 0 || latent.Rank > KvPool.LatentValue);
        Refuse(
            graph, $"{latent.TurningSize} values of a latent's key that turn, where CUDA devices take even numbers up to {KvPool.LatentTurning}",
            latent.TurningSize % 2 != 0 || latent.TurningSize > KvPool.LatentTurning || core.Rope?.Dimensions != latent.TurningSize);
        Refuse(graph, $"heads of {latent.PlainSize} plain values, where CUDA devices take multiples of 8", latent.PlainSize % 8 != 0);
        Refuse(graph, "matrices of heads in different formats", !HasOneFormat(latent.KeyHeads) || !HasOneFormat(latent.ValueHeads));
        Refuse(
            graph, "latent attention with biases, sinks, gates, norms of heads, capped scores or temperatures",
            (core.QueryBias ?? core.KeyBias ?? core.OutputBias ?? core.QueryNorm ?? core.KeyNorm ?? core.Sinks) is not null || core.HasOutputGate || core.NormalisesTurned || core.ScoreCap != 0
            || core.Temperature is not null);
        Refuse(graph, $"chunks of {core.ChunkLength} positions, which are not whole times {KvPool.Slots},", core.ChunkLength % KvPool.Slots != 0 && core.ChunkLength < graph.Config.ContextLength);
    }

    private static bool HasOneFormat(IReadOnlyList<GgufTensor> heads) => heads.All(head => PackedFormats.Of(head.Type) == PackedFormats.Of(heads[0].Type));

    private static void Check(DecoderGraph graph, MixtureOperator mixture, float scale)
    {
        Refuse(graph, $"experts with {mixture.Activation}", mixture.Activation == FeedForwardActivation.SquaredRelu);
        Refuse(graph, "several experts of a token whose input is weighed", mixture.WeighsInput && mixture.UsedCount > 1);
        Refuse(graph, "experts whose input is weighed in a scaled part", mixture.WeighsInput && scale != 1);
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
