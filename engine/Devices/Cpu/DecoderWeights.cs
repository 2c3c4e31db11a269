using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>A layer's weights as the kernels read them.</summary>
internal sealed unsafe class DecoderLayerWeights
{
    public required NativeBuffer AttentionNorm { get; init; }

    public required WeightMatrix Query { get; init; }

    public required WeightMatrix Key { get; init; }

    public required WeightMatrix Value { get; init; }

    public required AttentionLayer Attention { get; init; }

    public required WeightMatrix AttentionOutput { get; init; }

    public required NativeBuffer FeedForwardNorm { get; init; }

    /// <summary>(width, experts), or null in a dense layer.</summary>
    public WeightMatrix? Router { get; init; }

    /// <summary>(experts), or one in a dense layer.</summary>
    public required WeightMatrix[] Gate { get; init; }

    /// <summary>(experts), or one in a dense layer.</summary>
    public required WeightMatrix[] Up { get; init; }

    /// <summary>(experts), or one in a dense layer.</summary>
    public required WeightMatrix[] Down { get; init; }

    /// <summary>What the projections of queries, keys and values take.</summary>
    public ActivationFormat ProjectionFormats => Query.Format | Key.Format | Value.Format;

    /// <summary>All matrices.</summary>
    public IEnumerable<WeightMatrix> Matrices =>
        [Query, Key, Value, AttentionOutput, .. Gate, .. Up, .. Down, .. Router is null ? Array.Empty<WeightMatrix>() : [Router]];
}

/// <summary>A model's weights as the kernels read them: repacked where that is faster, else where the file is mapped.</summary>
internal sealed unsafe class DecoderWeights : IDisposable
{
    private readonly List<NativeBuffer> _vectors = [];
    private readonly long _embeddingRowBytes;

    private DecoderWeights(DecoderLayerWeights[] layers, NativeBuffer outputNorm, WeightMatrix output, GgufTensor embedding)
    {
        Layers = layers;
        OutputNorm = outputNorm;
        Output = output;
        Embedding = embedding;
        _embeddingRowBytes = embedding.RowBytes;
    }

    public DecoderLayerWeights[] Layers { get; }

    /// <summary>(width).</summary>
    public NativeBuffer OutputNorm { get; }

    /// <summary>(width, vocabulary).</summary>
    public WeightMatrix Output { get; }

    /// <summary>(width, vocabulary), in the file.</summary>
    public GgufTensor Embedding { get; }

    /// <summary>(headSize / 2), or null.</summary>
    public NativeBuffer? RopeFactors { get; private init; }

    /// <summary>All formats that some matrix takes.</summary>
    public ActivationFormat Formats =>
        Layers.SelectMany(static layer => layer.Matrices).Append(Output).Aggregate(ActivationFormat.None, static (all, w) => all | w.Format);

    /// <summary>The stored bytes of a token's row of the embedding.</summary>
    public ReadOnlySpan<byte> EmbeddingRow(int token) => new(Embedding.Data + (token * _embeddingRowBytes), (int)_embeddingRowBytes);

    /// <summary>Reads the weights of <paramref name="graph"/> for the kernels that <paramref name="loader"/> chooses.</summary>
    public static DecoderWeights Load(DecoderGraph graph, WeightLoader loader)
    {
        var vectors = new List<NativeBuffer>();
        var experts = Math.Max(1, graph.Config.ExpertCount);
        var layers = new DecoderLayerWeights[graph.Layers.Count];
        for (var i = 0; i < layers.Length; i++)
        {
            var layer = graph.Layers[i];
            var layerExperts = layer.Router is null ? 1 : experts;
            layers[i] = new DecoderLayerWeights
            {
                AttentionNorm = Vector(layer.AttentionNorm)!,
                Query = loader.Load(layer.Query),
                Key = loader.Load(layer.Key),
                Value = loader.Load(layer.Value),
                Attention = new AttentionLayer
                {
                    QueryBias = Floats(layer.QueryBias),
                    KeyBias = Floats(layer.KeyBias),
                    ValueBias = Floats(layer.ValueBias),
                    QueryNorm = Floats(layer.QueryNorm),
                    KeyNorm = Floats(layer.KeyNorm),
                },
                AttentionOutput = loader.Load(layer.AttentionOutput),
                FeedForwardNorm = Vector(layer.FeedForwardNorm)!,
                Router = layer.Router is null ? null : loader.Load(layer.Router),
                Gate = loader.LoadExperts(layer.Gate, layerExperts),
                Up = loader.LoadExperts(layer.Up, layerExperts),
                Down = loader.LoadExperts(layer.Down, layerExperts),
            };
        }

        var weights = new DecoderWeights(
            layers, Vector(graph.OutputNorm)!, loader.Load(graph.Output), graph.TokenEmbedding)
        {
            RopeFactors = Vector(graph.RopeFactors),
        };
        weights._vectors.AddRange(vectors);
        return weights;

        NativeBuffer? Vector(GgufTensor? tensor)
        {
            if (tensor is null)
                return null;
            var buffer = NativeBuffer.OfFloats(tensor.Columns);
            Dequantizer.Dequantize(tensor.Type, tensor.Row(0), new Span<float>(buffer.Floats, tensor.Columns));
            vectors.Add(buffer);
            return buffer;
        }

        float* Floats(GgufTensor? tensor)
        {
            var buffer = Vector(tensor);
            return buffer is null ? null : buffer.Floats;
        }
    }

    public void Dispose()
    {
        foreach (var layer in Layers)
        {
            foreach (var matrix in layer.Matrices)
                matrix.Dispose();
        }

        Output.Dispose();
        foreach (var vector in _vectors)
            vector.Dispose();
    }
}
