using System.Runtime.InteropServices;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>Matrices that are multiplied by the same rows: their results lie beside each other, each from its offset on.</summary>
/// <param name="Parts">Offset in a row of the result, and matrix; those of one format are one.</param>
/// <param name="Rows">Values in a row of the result.</param>
internal sealed record MatrixGroup(IReadOnlyList<(int Offset, PackedMatrix Matrix)> Parts, int Rows)
{
    /// <summary>Its matrices.</summary>
    public IEnumerable<PackedMatrix> Matrices => Parts.Select(static part => part.Matrix);

    /// <summary>Loads tensors beside each other.</summary>
    public static MatrixGroup Load(WeightUpload upload, params GgufTensor[] tensors)
    {
        const string Purpose = "weights";
        var parts = new List<(int, PackedMatrix)>();
        var offset = 0;
        for (var first = 0; first < tensors.Length;)
        {
            var end = tensors.Length;
            while (end > first + 1 && !WeightUpload.CanJoin(tensors.AsSpan(first, end - first)))
            {
                end--;
            }

            var matrix = upload.Load(Purpose, tensors.AsSpan(first, end - first));
            parts.Add((offset, matrix));
            offset += matrix.Rows;
            first = end;
        }

        return new MatrixGroup(parts, offset);
    }
}

/// <summary>A dense feed-forward part in device memory.</summary>
/// <param name="GateUp">Gate, up.</param>
/// <param name="Down">(hidden, width).</param>
/// <param name="Activation">What is between them.</param>
internal sealed record DenseWeights(MatrixGroup GateUp, PackedMatrix Down, FeedForwardActivation Activation);

/// <summary>A way in which heads turn.</summary>
/// <param name="Settings">What it is.</param>
/// <param name="Frequencies">Radians a position by which each pair of a head turns (headSize / 2): doubles.</param>
internal sealed record RopeWeights(RopeSettings Settings, DeviceBuffer Frequencies);

/// <summary>A layer's weights in device memory.</summary>
internal sealed record LayerWeights
{
    public required DeviceBuffer AttentionNorm { get; init; }

    /// <summary>Queries, keys, values.</summary>
    public required MatrixGroup Projections { get; init; }

    /// <summary>Of queries, keys and values, or null.</summary>
    public required DeviceBuffer? Bias { get; init; }

    public required DeviceBuffer? QueryNorm { get; init; }

    public required DeviceBuffer? KeyNorm { get; init; }

    /// <summary>One more score for each query head (heads), or null.</summary>
    public required DeviceBuffer? Sinks { get; init; }

    /// <summary>What scores are multiplied by to be powers of two: e^x = 2^(x log2 e).</summary>
    public required float ScoreScale { get; init; }

    /// <summary>Number of how heads turn.</summary>
    public required int Rope { get; init; }

    public required PackedMatrix AttentionOutput { get; init; }

    /// <summary>Added to what attention adds (width), or null.</summary>
    public required DeviceBuffer? OutputBias { get; init; }

    /// <summary>Gain of a norm of what attention adds (width), or null.</summary>
    public required DeviceBuffer? AttentionPostNorm { get; init; }

    /// <summary>Gain of a norm of what the feed-forward part adds (width), or null.</summary>
    public required DeviceBuffer? FeedForwardPostNorm { get; init; }

    public required DeviceBuffer FeedForwardNorm { get; init; }

    /// <summary>Null where there are experts.</summary>
    public required DenseWeights? Dense { get; init; }

    /// <summary>Null where there are none.</summary>
    public required ExpertWeights? Experts { get; init; }

    /// <summary>All matrices that rows are multiplied by, but for those of experts.</summary>
    public IEnumerable<PackedMatrix> Matrices =>
        [.. Projections.Matrices, AttentionOutput, .. Dense is { } dense ? dense.GateUp.Matrices.Append(dense.Down) : [], .. Experts is { } experts ? new[] { experts.Router } : []];

    /// <summary>Bytes of matrices that a decode step of one token reads.</summary>
    public long BytesOfToken => Matrices.Sum(static matrix => matrix.Buffer.Bytes) + (Experts?.BytesOfToken ?? 0);
}

/// <summary>A model's weights in device memory.</summary>
internal sealed record ModelWeights
{
    public required IReadOnlyList<LayerWeights> Layers { get; init; }

    public required PackedMatrix Embedding { get; init; }

    public required DeviceBuffer OutputNorm { get; init; }

    /// <summary>The same as <see cref="Embedding"/> where it is tied.</summary>
    public required PackedMatrix Output { get; init; }

    /// <summary>What embeddings are multiplied by.</summary>
    public required float EmbeddingScale { get; init; }

    /// <summary>All ways in which heads turn.</summary>
    public required IReadOnlyList<RopeWeights> Ropes { get; init; }

    /// <summary>Whether a norm stands behind a part of some layer.</summary>
    public bool HasPostNorms => Layers.Any(static layer => layer.AttentionPostNorm is not null || layer.FeedForwardPostNorm is not null);

    /// <summary>All matrices that rows are multiplied by, but for those of experts.</summary>
    public IEnumerable<PackedMatrix> Matrices => Layers.SelectMany(static layer => layer.Matrices).Append(Output);

    /// <summary>Bytes of all matrices that a decode step of one token reads: embeddings are gathered, and of experts some are read.</summary>
    public long BytesPerStep => Layers.Sum(static layer => layer.BytesOfToken) + Output.Buffer.Bytes;

    /// <summary>Loads a model.</summary>
    public static ModelWeights Load(DecoderGraph graph, WeightUpload upload)
    {
        const string Purpose = "weights";
        var layers = new List<LayerWeights>();
        var plain = PlainModel.Of(graph);
        RopeSettings[] ropes = [.. plain.Layers.Select(static layer => layer.Attention.Rope!).Distinct()];
        foreach (var layer in plain.Layers)
        {
            var attention = layer.Attention;
            layers.Add(new LayerWeights
            {
                AttentionNorm = upload.LoadFloats(Purpose, layer.AttentionNorm)!,
                Projections = MatrixGroup.Load(upload, attention.Query, attention.Key!, attention.Value!),
                Bias = upload.LoadFloats(Purpose, attention.QueryBias, attention.KeyBias, attention.ValueBias),
                QueryNorm = upload.LoadFloats(Purpose, attention.QueryNorm),
                KeyNorm = upload.LoadFloats(Purpose, attention.KeyNorm),
                Sinks = upload.LoadFloats(Purpose, attention.Sinks),
                ScoreScale = (float)(Math.Log2(Math.E) * attention.Scale),
                Rope = Array.IndexOf(ropes, attention.Rope),
                AttentionOutput = upload.Load(Purpose, attention.Output),
                OutputBias = upload.LoadFloats(Purpose, attention.OutputBias),
                AttentionPostNorm = upload.LoadFloats(Purpose, layer.AttentionPostNorm),
                FeedForwardPostNorm = upload.LoadFloats(Purpose, layer.FeedForwardPostNorm),
                FeedForwardNorm = upload.LoadFloats(Purpose, layer.FeedForwardNorm)!,
                Dense = layer.FeedForward is { } dense ? new DenseWeights(MatrixGroup.Load(upload, dense.Gate, dense.Up), upload.Load(Purpose, dense.Down), dense.Activation) : null,
                Experts = layer.Mixture is { } mixture ? ExpertWeights.Load(upload, mixture) : null,
            });
        }

        var embedding = upload.Load(Purpose, graph.TokenEmbedding);
        return new ModelWeights
        {
            Layers = layers,
            Embedding = embedding,
            OutputNorm = upload.LoadFloats(Purpose, graph.OutputNorm)!,
            Output = ReferenceEquals(graph.Output, graph.TokenEmbedding) ? embedding : upload.Load(Purpose, graph.Output),
            EmbeddingScale = graph.EmbeddingScale,
            Ropes = [.. ropes.Select(rope => new RopeWeights(rope, upload.LoadBytes(Purpose, MemoryMarshal.AsBytes<double>([.. rope.Frequencies]))))],
        };
    }
}
