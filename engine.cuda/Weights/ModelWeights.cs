using System.Runtime.InteropServices;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>A way in which heads turn.</summary>
/// <param name="Settings">What it is.</param>
/// <param name="Frequencies">Radians a position by which each pair of a head turns (dimensions / 2): doubles.</param>
internal sealed record RopeWeights(RopeSettings Settings, DeviceBuffer Frequencies);

/// <summary>A branch beside the residual stream, in device memory.</summary>
/// <param name="Norm">Gain of the norm before it (width).</param>
/// <param name="Parts">What is computed from what that gives, and added up.</param>
/// <param name="PostNorm">Gain of the norm of that sum (width), or null.</param>
/// <param name="Scale">What it is multiplied by before it is added to the residual stream.</param>
/// <param name="OutputBias">Added to the residual stream behind it (width), or null: by the norm that comes next.</param>
internal sealed record BranchWeights(DeviceBuffer Norm, IReadOnlyList<PartWeights> Parts, DeviceBuffer? PostNorm, float Scale, DeviceBuffer? OutputBias);

/// <summary>A model's weights in device memory.</summary>
internal sealed record ModelWeights
{
    /// <summary>Of all layers, in order.</summary>
    public required IReadOnlyList<BranchWeights> Branches { get; init; }

    public required PackedMatrix Embedding { get; init; }

    public required DeviceBuffer OutputNorm { get; init; }

    /// <summary>The same as <see cref="Embedding"/> where it is tied.</summary>
    public required PackedMatrix Output { get; init; }

    /// <summary>What embeddings are multiplied by.</summary>
    public required float EmbeddingScale { get; init; }

    /// <summary>What logits are multiplied by.</summary>
    public required float LogitScale { get; init; }

    /// <summary>What tokens are joined with, or null for a whole model.</summary>
    public required HiddenInputWeights? HiddenInput { get; init; }

    /// <summary>All ways in which heads turn.</summary>
    public required IReadOnlyList<RopeWeights> Ropes { get; init; }

    /// <summary>All parts of all layers, in order.</summary>
    public IEnumerable<PartWeights> Parts => Branches.SelectMany(static branch => branch.Parts);

    /// <summary>All matrices that rows are multiplied by, but for those of experts.</summary>
    public IEnumerable<PackedMatrix> Matrices => [.. Parts.SelectMany(static part => part.Matrices), .. Inputs, Output];

    /// <summary>Bytes of all matrices that a decode step of one token reads: embeddings are gathered, and of experts some are read.</summary>
    public long BytesPerStep => Parts.Sum(static part => part.BytesOfToken) + Inputs.Sum(static matrix => matrix.Buffer.Bytes) + Output.Buffer.Bytes;

    private IEnumerable<PackedMatrix> Inputs => HiddenInput is null ? [] : [HiddenInput.Projection];

    /// <summary>Loads a model that <see cref="ModelFit"/> has let through.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="upload">Of the GPU.</param>
    /// <param name="vocabulary">Finds a matrix of the vocabulary that is there already; null where there is none.</param>
    public static ModelWeights Load(DecoderGraph graph, WeightUpload upload, Func<GgufTensor, PackedMatrix?> vocabulary)
    {
        const string Purpose = "weights";
        RopeSettings[] ropes = [.. graph.Operators.OfType<AttentionOperator>().Select(static attention => attention.Rope).OfType<RopeSettings>().Distinct()];
        var (attentions, states) = (0, 0);
        var branches = new List<BranchWeights>();
        foreach (var branch in graph.Layers.SelectMany(static layer => layer.Branches))
        {
            branches.Add(new BranchWeights(
                upload.LoadFloats(Purpose, branch.Norm)!, [.. branch.Operators.Select(Load)], upload.LoadFloats(Purpose, branch.PostNorm), branch.Scale,
                upload.LoadFloats(Purpose, branch.Operators.OfType<AttentionOperator>().FirstOrDefault()?.OutputBias)));
        }

        var embedding = vocabulary(graph.TokenEmbedding) ?? upload.Load(Purpose, graph.TokenEmbedding);
        return new ModelWeights
        {
            Branches = branches,
            Embedding = embedding,
            OutputNorm = upload.LoadFloats(Purpose, graph.OutputNorm)!,
            Output = ReferenceEquals(graph.Output, graph.TokenEmbedding) ? embedding : vocabulary(graph.Output) ?? upload.Load(Purpose, graph.Output),
            EmbeddingScale = graph.EmbeddingScale,
            LogitScale = graph.LogitScale,
            HiddenInput = HiddenInputWeights.Load(upload, graph.HiddenInput),
            Ropes = [.. ropes.Select(rope => new RopeWeights(rope, upload.LoadBytes(Purpose, MemoryMarshal.AsBytes<double>([.. rope.Frequencies]))))],
        };

        PartWeights Load(LayerOperator step) => step switch
        {
            AttentionOperator attention => AttentionWeights.Load(upload, attention, attentions++, ropes),
            MixtureOperator mixture => ExpertWeights.Load(upload, mixture),
            FeedForwardOperator dense => FeedForwardWeights.Load(upload, dense),
            StateOperator state => StateWeights.Load(upload, state, states++),
            _ => throw new NotSupportedException(step.Name),
        };
    }
}
