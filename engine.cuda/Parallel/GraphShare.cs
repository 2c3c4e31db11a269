using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Parallel;

/// <summary>
/// A model divided among GPUs (tensor parallelism): each has some heads of every attention and some of the values between the matrices of every feed-forward part and
/// expert, so that what each makes of the whole residual stream is a part of a sum. Nothing is copied: tensors are rows or columns of the file's.
/// </summary>
/// <remarks>
/// By rows: queries, keys, values, gates, ups, with their biases; by columns: what comes behind them. Whole everywhere: embeddings, per-layer ones with their matrices, norms,
/// routers and the bias of attention's output, which is added behind the sum. Latent attention is divided by <see cref="LatentShare"/>, layers that keep states by <see cref="StateShare"/>. The bias of experts' outputs is part 0's,
/// and so is the vocabulary's matrix: in the others the embedding stands for it.
/// </remarks>
internal static class GraphShare
{
    /// <summary>Parts, at most: what <c>peers.cu</c> adds up.</summary>
    public const int MostParts = 8;

    // Values between matrices that stay together: a scale of most quantised types, tile rows of matrices of experts.
    private const int QuantisedUnit = 32;
    private const int PlainUnit = 16;

    /// <summary>Throws where a model cannot be divided so.</summary>
    /// <exception cref="InvalidModelException">The message names what does not divide, and what does.</exception>
    public static void Check(DecoderGraph graph, int parts)
    {
        if (FaultOf(graph, parts) is not { } fault)
        {
            return;
        }

        int[] sizes = [.. Enumerable.Range(2, MostParts - 1).Where(size => FaultOf(graph, size) is null)];
        throw new InvalidModelException(
            graph.Config.Name,
            fault.Key,
            $"{fault.What}, which {parts} GPUs cannot share; "
            + (sizes.Length == 0 ? "serve it on one GPU a device" : $"have devices of {string.Join(", ", sizes)} GPUs, or of one"));
    }

    /// <summary>Part <paramref name="part"/> of <paramref name="parts"/>; the graph itself where that is 1.</summary>
    /// <exception cref="InvalidModelException">See <see cref="Check"/>.</exception>
    public static DecoderGraph Of(DecoderGraph graph, int part, int parts)
    {
        if (parts == 1)
        {
            return graph;
        }

        Check(graph, parts);
        var config = graph.Config;
        var attentions = new Dictionary<AttentionOperator, AttentionOperator>(ReferenceEqualityComparer.Instance);
        DecoderLayer[] layers = [.. graph.Layers.Select(layer => Of(layer, part, parts, attentions))];
        HeadShape[] heads = [.. AttentionOperator.Among(layers.SelectMany(static layer => layer.Operators)).Select(static attention => attention.Heads)];
        return graph with
        {
            Config = config with
            {
                HeadCount = heads.Max(static shape => shape.Count),
                KvHeadCount = heads.Max(static shape => shape.KvCount),
                FeedForwardWidth = layers.SelectMany(static layer => layer.Operators).Max(static step => WidthOf(step)),
            },
            Head = null,
            Output = part == 0 ? graph.Output : graph.TokenEmbedding,
            Layers = layers,
        };
    }

    /// <summary>First of the values between matrices that a part has, and how many: as even as whole units let it be.</summary>
    /// <param name="down">What they are multiplied by.</param>
    /// <param name="part">From 0.</param>
    /// <param name="parts">How many.</param>
    public static (int First, int Count) Range(GgufTensor down, int part, int parts)
    {
        var unit = UnitOf(down);
        var units = down.Columns / unit;
        var first = (units / parts * part) + Math.Min(part, units % parts);
        var count = (units / parts) + (part < units % parts ? 1 : 0);
        return (first * unit, count * unit);
    }

    // Attentions: the shares of those before, whose keys and values others may see.
    private static DecoderLayer Of(DecoderLayer layer, int part, int parts, Dictionary<AttentionOperator, AttentionOperator> attentions) => layer with
    {
        Branches = [.. layer.Branches.Select(branch => Of(branch, part, parts, attentions))],
    };

    private static ResidualBranch Of(ResidualBranch branch, int part, int parts, Dictionary<AttentionOperator, AttentionOperator> attentions) => branch with
    {
        Operators =
        [
            .. branch.Operators.Select(step => step switch
            {
                AttentionOperator attention => attentions[attention] = Of(attention, part, parts, attentions),
                LatentAttentionOperator latent => LatentShare.Of(latent, part, parts),
                FeedForwardOperator dense => Of(dense, part, parts),
                MixtureOperator mixture => Of(mixture, part, parts),
                GatedDeltaNetOperator net => StateShare.Of(net, part, parts),
                Mamba2Operator mamba => StateShare.Of(mamba, part, parts),
                ShortConvolutionOperator convolution => Of(convolution, part, parts),
                _ => step,
            }),
        ],
        Parts = [.. branch.Parts.Select(inner => Of(inner, part, parts, attentions))],
    };

    private static AttentionOperator Of(AttentionOperator attention, int part, int parts, Dictionary<AttentionOperator, AttentionOperator> attentions)
    {
        var heads = new HeadShape(attention.Heads.Count / parts, attention.Heads.KvCount / parts, attention.Heads.Size);
        var (query, keys) = (heads.QueryWidth, heads.KvWidth);
        var queryRows = attention.HasOutputGate ? 2 * query : query;
        return attention with
        {
            Heads = heads,
            Query = attention.Query.Slice((long)part * queryRows, queryRows),
            Key = attention.Key?.Slice((long)part * keys, keys),
            Value = attention.Value?.Slice((long)part * keys, keys),
            KeysOf = attention.KeysOf is { } owner ? attentions[owner] : null,
            QueryBias = attention.QueryBias?.SomeColumns(part * query, query),
            KeyBias = attention.KeyBias?.SomeColumns(part * keys, keys),
            ValueBias = attention.ValueBias?.SomeColumns(part * keys, keys),
            Sinks = attention.Sinks?.SomeColumns(part * heads.Count, heads.Count),
            Output = attention.Output.SomeColumns(part * query, query),
        };
    }

    private static StateShare Of(ShortConvolutionOperator convolution, int part, int parts)
    {
        var (first, count) = Range(convolution.Output, part, parts);
        return StateShare.Of(convolution, first, count);
    }

    private static LayerOperator Of(FeedForwardOperator dense, int part, int parts)
    {
        var (first, count) = Range(dense.Down, part, parts);
        var up = dense.Up.Slice(first, count);
        return dense with
        {
            Gate = ReferenceEquals(dense.Gate, dense.Up) ? up : dense.Gate.Slice(first, count),
            Up = up,
            Down = dense.Down.SomeColumns(first, count),
        };
    }

    private static LayerOperator Of(MixtureOperator mixture, int part, int parts)
    {
        var (first, count) = Range(mixture.Down[0], part, parts);
        return mixture with
        {
            Gate = [.. mixture.Gate.Select(gate => gate.Slice(first, count))],
            Up = [.. mixture.Up.Select(up => up.Slice(first, count))],
            Down = [.. mixture.Down.Select(down => down.SomeColumns(first, count))],
            GateBias = mixture.GateBias?.SomeColumns(first, count),
            UpBias = mixture.UpBias?.SomeColumns(first, count),
            DownBias = part == 0 ? mixture.DownBias : null,
        };
    }

    private static (string Key, string What)? FaultOf(DecoderGraph graph, int parts)
    {
        var (config, architecture) = (graph.Config, graph.Config.Architecture);
        if (parts > MostParts)
        {
            return (architecture, $"a device has at most {MostParts} GPUs");
        }

        if (StateShare.FaultOf(graph, parts) is { } stateFault)
        {
            return stateFault;
        }

        foreach (var step in graph.Operators)
        {
            if (step is AttentionOperator attention)
            {
                if (attention.Heads.KvCount % parts != 0)
                {
                    return ($"{architecture}.attention.head_count_kv", $"it has {attention.Heads.KvCount} KV heads");
                }

                if (FaultOf(attention.Output, attention.Heads.Count, attention.Heads.Size, parts) is { } fault)
                {
                    return fault;
                }
            }
            else if (step is LatentAttentionOperator latent)
            {
                if (latent.KeyHeads.Count % parts != 0)
                {
                    return ($"{architecture}.attention.head_count", $"it has {latent.KeyHeads.Count} heads of latent attention");
                }

                if (FaultOf(latent.Core.Output, latent.KeyHeads.Count, latent.ValueSize, parts) is { } fault)
                {
                    return fault;
                }
            }
            else if ((DownOf(step) ?? (step as ShortConvolutionOperator)?.Output) is { } down && (down.Columns % UnitOf(down) != 0 || down.Columns / UnitOf(down) < parts))
            {
                return (down.Name, $"it has {down.Columns} columns in {down.Type}");
            }
        }

        return config.Width % 8 == 0 ? null : ($"{architecture}.embedding_length", $"it is {config.Width} wide");
    }

    // Of a matrix of attention's output, whose columns are those of heads.
    private static (string Key, string What)? FaultOf(GgufTensor output, int heads, int size, int parts) => heads / parts * size % (IsPlain(output) ? 8 : QuantisedUnit) == 0
        ? null
        : (output.Name, $"it has columns of {heads} heads of {size} values in {output.Type}");

    private static GgufTensor? DownOf(LayerOperator step) => step switch
    {
        FeedForwardOperator dense => dense.Down,
        MixtureOperator mixture => mixture.Down[0],
        _ => null,
    };

    private static int WidthOf(LayerOperator step) => DownOf(step)?.Columns ?? 0;

    private static bool IsPlain(GgufTensor tensor) => GgmlTypes.BlockLength(tensor.Type) == 1;

    private static int UnitOf(GgufTensor down) => IsPlain(down) ? PlainUnit : QuantisedUnit;
}
