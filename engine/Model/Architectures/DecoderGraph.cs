using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// A model as a device sees it: shape and named tensors, each already checked for its extents. Every architecture is read into
/// this form; what a layer does follows from which of its tensors are there.
/// </summary>
public sealed record DecoderGraph
{
    /// <summary>Shape.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>(width, vocabulary).</summary>
    public required GgufTensor TokenEmbedding { get; init; }

    /// <summary>Layers in order.</summary>
    public required IReadOnlyList<DecoderLayer> Layers { get; init; }

    /// <summary>RMSNorm gain before the head (width).</summary>
    public required GgufTensor OutputNorm { get; init; }

    /// <summary>(width, vocabulary): the head; the same tensor as <see cref="TokenEmbedding"/> where it is tied.</summary>
    public required GgufTensor Output { get; init; }

    /// <summary>Divisors of the rotary frequencies (headSize/2), or null.</summary>
    public GgufTensor? RopeFactors { get; init; }
}
