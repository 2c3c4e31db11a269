using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// The tensors of one transformer layer. Null means that the architecture has no such step. Matrices are (columns, rows) with
/// y = W x; biases and norms are F32 vectors.
/// </summary>
public sealed record DecoderLayer
{
    /// <summary>RMSNorm gain before attention (width).</summary>
    public required GgufTensor AttentionNorm { get; init; }

    /// <summary>(width, queryWidth).</summary>
    public required GgufTensor Query { get; init; }

    /// <summary>(width, kvWidth).</summary>
    public required GgufTensor Key { get; init; }

    /// <summary>(width, kvWidth).</summary>
    public required GgufTensor Value { get; init; }

    /// <summary>(queryWidth), qwen2.</summary>
    public GgufTensor? QueryBias { get; init; }

    /// <summary>(kvWidth), qwen2.</summary>
    public GgufTensor? KeyBias { get; init; }

    /// <summary>(kvWidth), qwen2.</summary>
    public GgufTensor? ValueBias { get; init; }

    /// <summary>RMSNorm gain of each query head before rotation (headSize), qwen3.</summary>
    public GgufTensor? QueryNorm { get; init; }

    /// <summary>RMSNorm gain of each key head before rotation (headSize), qwen3.</summary>
    public GgufTensor? KeyNorm { get; init; }

    /// <summary>(queryWidth, width).</summary>
    public required GgufTensor AttentionOutput { get; init; }

    /// <summary>RMSNorm gain before the feed-forward layer (width).</summary>
    public required GgufTensor FeedForwardNorm { get; init; }

    /// <summary>(width, experts): the expert scores of a mixture; null in a dense layer.</summary>
    public GgufTensor? Router { get; init; }

    /// <summary>(width, feedForward[, experts]).</summary>
    public required GgufTensor Gate { get; init; }

    /// <summary>(width, feedForward[, experts]).</summary>
    public required GgufTensor Up { get; init; }

    /// <summary>(feedForward, width[, experts]).</summary>
    public required GgufTensor Down { get; init; }
}
