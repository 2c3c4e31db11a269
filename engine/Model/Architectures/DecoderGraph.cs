using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Model.Architectures;

/// <summary>
/// A model as a device sees it: shape, layers of operators, and named tensors, each already checked for its extents. Every architecture is read into
/// this form; a device knows operators and no architectures.
/// </summary>
public sealed record DecoderGraph
{
    /// <summary>Shape.</summary>
    public required ModelConfig Config { get; init; }

    /// <summary>(width, vocabulary).</summary>
    public required GgufTensor TokenEmbedding { get; init; }

    /// <summary>What embeddings are multiplied by.</summary>
    public float EmbeddingScale { get; init; } = 1;

    /// <summary>What layers are told of tokens beside the residual stream, or null.</summary>
    public PerLayerInput? PerLayer { get; init; }

    /// <summary>What the first layer of a head takes in beside tokens, or null for a whole model.</summary>
    public HiddenInput? HiddenInput { get; init; }

    /// <summary>
    /// A head that predicts one token further (multi-token prediction), or null: a model of its own, with one layer, whose tokens come with the model's hidden states of the
    /// tokens before them, after the final norm. So do the hidden states that it gives itself, with which it goes on to a further token.
    /// </summary>
    public DecoderGraph? Head { get; init; }

    /// <summary>Why the file's head cannot be had; null where it can, and where the file has none.</summary>
    public string? HeadFault { get; init; }

    /// <summary>Layers in order.</summary>
    public required IReadOnlyList<DecoderLayer> Layers { get; init; }

    /// <summary>RMSNorm gain before the head (width).</summary>
    public required GgufTensor OutputNorm { get; init; }

    /// <summary>(width, vocabulary): the head; the same tensor as <see cref="TokenEmbedding"/> where it is tied.</summary>
    public required GgufTensor Output { get; init; }

    /// <summary>What logits are multiplied by, before the cap.</summary>
    public float LogitScale { get; init; } = 1;

    /// <summary>Logits y become cap * tanh(y / cap); 0 for none.</summary>
    public float LogitCap { get; init; }

    /// <summary>All operators of all layers, in order.</summary>
    public IEnumerable<LayerOperator> Operators => Layers.SelectMany(static layer => layer.Operators);
}
