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
/// <param name="Sections">What it computes, added up: one, but where parts have norms of their own.</param>
/// <param name="PostNorm">Gain of the norm of that sum (width), or null.</param>
/// <param name="Scale">What it is multiplied by before it is added to the residual stream.</param>
/// <param name="StreamScale">What the stream is multiplied by when it has been added: 1 without <paramref name="PostNorm"/>.</param>
/// <param name="OutputBias">Added to the residual stream behind it (width), or null: by the norm that comes next.</param>
internal sealed record BranchWeights(IReadOnlyList<BranchSection> Sections, DeviceBuffer? PostNorm, float Scale, float StreamScale, DeviceBuffer? OutputBias);

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

    /// <summary>Logits y become cap * tanh(y / cap); 0 for none.</summary>
    public required float LogitCap { get; init; }

    /// <summary>What tells layers of tokens beside the residual stream, or null.</summary>
    public required PerLayerWeights? PerLayer { get; init; }

    /// <summary>All ways in which heads turn.</summary>
    public required IReadOnlyList<RopeWeights> Ropes { get; init; }

    /// <summary>All parts of all layers, in order.</summary>
    public IEnumerable<PartWeights> Parts => Branches.SelectMany(static branch => branch.Sections).SelectMany(static section => section.Parts);

    /// <summary>All matrices that rows are multiplied by, but for those of experts.</summary>
    public IEnumerable<PackedMatrix> Matrices => [.. Parts.SelectMany(static part => part.Matrices), .. Inputs, Output];

    /// <summary>Bytes of all matrices that a decode step of one token reads: embeddings are gathered, and of experts some are read.</summary>
    public long BytesPerStep => Parts.Sum(static part => part.BytesOfToken) + Inputs.Sum(static matrix => matrix.Buffer.Bytes) + Output.Buffer.Bytes;

    // What embeddings are joined with, or layers told by.
    private IEnumerable<PackedMatrix> Inputs => new[] { HiddenInput?.Projection, PerLayer?.Projection }.OfType<PackedMatrix>();

    /// <summary>Loads a model that <see cref="ModelFit"/> has let through.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="upload">Of the GPU.</param>
    /// <param name="vocabulary">Finds a matrix of the vocabulary that is there already; null where there is none.</param>
    public static ModelWeights Load(DecoderGraph graph, WeightUpload upload, Func<GgufTensor, PackedMatrix?> vocabulary)
    {
        const string Purpose = "weights";
        RopeSettings[] ropes = [.. AttentionOperator.Among(graph.Operators).Select(static attention => attention.Rope).OfType<RopeSettings>().Distinct()];
        var (attentions, states) = (0, 0);
        var branches = new List<BranchWeights>();
        foreach (var layer in graph.Layers)
        {
            foreach (var branch in layer.Branches)
            {
                BranchSection[] sections = branch.Parts.Count > 0 ? [.. branch.Parts.Select(part => Section(part, part.PostNorm))] : [Section(branch, null)];
                branches.Add(new BranchWeights(
                    sections, upload.LoadFloats(Purpose, branch.PostNorm), branch.Scale, ReferenceEquals(branch, layer.Branches[^1]) ? layer.OutputScale : 1,
                    upload.LoadFloats(Purpose, branch.Operators.OfType<AttentionOperator>().FirstOrDefault()?.OutputBias)));
            }
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
            LogitCap = graph.LogitCap,
            PerLayer = graph.PerLayer is { } input
                ? new PerLayerWeights(upload.Load(Purpose, input.Tokens), upload.Load(Purpose, input.Projection), upload.LoadFloats(Purpose, input.Norm)!, input.Size)
                : null,
            Ropes = [.. ropes.Select(rope => new RopeWeights(rope, upload.LoadBytes(Purpose, MemoryMarshal.AsBytes<double>([.. rope.Frequencies]))))],
        };

        BranchSection Section(ResidualBranch part, GgufTensor? postNorm) =>
            new(upload.LoadFloats(Purpose, part.Norm), [.. part.Operators.Select(Load)], upload.LoadFloats(Purpose, postNorm));

        PartWeights Load(LayerOperator step) => step switch
        {
            AttentionOperator attention => AttentionWeights.Load(upload, attention, attentions++, ropes),
            LatentAttentionOperator latent => LatentAttentionWeights.Load(upload, latent, attentions++, ropes),
            MixtureOperator mixture => ExpertWeights.Load(upload, mixture),
            FeedForwardOperator dense => FeedForwardWeights.Load(upload, dense),
            PerLayerInputOperator told => PerLayerPartWeights.Load(upload, told),
            StateOperator state => StateWeights.Load(upload, state, states++),
            _ => throw new NotSupportedException(step.Name),
        };
    }
}
