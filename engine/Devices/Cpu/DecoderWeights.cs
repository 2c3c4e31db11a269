using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>What a model has beside its layers, as the kernels read it: repacked where that is faster, else where the file is mapped.</summary>
internal sealed unsafe class DecoderWeights : IDisposable
{
    private readonly long _embeddingRowBytes;
    private readonly NativeBuffer _outputNorm;
    private readonly GgufTensor _output;
    private readonly bool _ownsOutput;

    /// <summary>Loads them, but for the output where <paramref name="beside"/> has the same, which is to live longer.</summary>
    public DecoderWeights(DecoderGraph graph, WeightLoader loader, DecoderWeights? beside = null)
    {
        Embedding = graph.TokenEmbedding;
        EmbeddingScale = graph.EmbeddingScale;
        LogitScale = graph.LogitScale;
        LogitCap = graph.LogitCap;
        _output = graph.Output;
        _ownsOutput = !ReferenceEquals(beside?._output, _output);
        Output = _ownsOutput ? loader.Load(_output) : loader.Take(beside!.Output);
        _embeddingRowBytes = Embedding.RowBytes;
        _outputNorm = WeightLoader.LoadVector(graph.OutputNorm);
    }

    /// <summary>(width).</summary>
    public float* OutputNorm => _outputNorm.Floats;

    /// <summary>(width, vocabulary).</summary>
    public WeightMatrix Output { get; }

    /// <summary>What logits are multiplied by, before the cap.</summary>
    public float LogitScale { get; }

    /// <summary>Bound of logits, or 0.</summary>
    public float LogitCap { get; }

    /// <summary>(width, vocabulary), in the file.</summary>
    public GgufTensor Embedding { get; }

    /// <summary>What embeddings are multiplied by.</summary>
    public float EmbeddingScale { get; }

    /// <summary>The stored bytes of a token's row of the embedding.</summary>
    public ReadOnlySpan<byte> EmbeddingRow(int token) => new(Embedding.Data + (token * _embeddingRowBytes), (int)_embeddingRowBytes);

    public void Dispose()
    {
        if (_ownsOutput)
            Output.Dispose();
        _outputNorm.Dispose();
    }
}
