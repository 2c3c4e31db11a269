using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// Attention over the keys and values of all positions so far, or of those that its kind sees. Null means that there is no such step. Matrices are
/// (columns, rows) with y = W x; biases, norms and sinks are F32 vectors. Order of what is done to a query or key: bias, norm, rotation, norm without
/// gain.
/// </summary>
public sealed record AttentionOperator : LayerOperator
{
    /// <inheritdoc/>
    public override string Name => this switch
    {
        { Window: > 0 } => "sliding-window attention",
        { ChunkLength: > 0 } => "chunked attention",
        { KeysOf: not null } => "attention with the keys and values of another layer",
        { HasOutputGate: true } => "gated attention",
        { Sinks: not null } => "attention with sinks",
        _ => "attention",
    };

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices => [.. new[] { Query, Key, Value, Output }.OfType<GgufTensor>()];

    /// <summary>All that attend, those within latent attention too, in order.</summary>
    public static IEnumerable<AttentionOperator> Among(IEnumerable<LayerOperator> operators) =>
        operators.Select(static step => step is LatentAttentionOperator latent ? latent.Core : step as AttentionOperator).OfType<AttentionOperator>();

    /// <summary>Shape of the heads.</summary>
    public required HeadShape Heads { get; init; }

    /// <summary>(width, queryWidth), or twice that with <see cref="HasOutputGate"/>: for each head the query, then the gate.</summary>
    public required GgufTensor Query { get; init; }

    /// <summary>(width, kvWidth); null with <see cref="KeysOf"/>.</summary>
    public required GgufTensor? Key { get; init; }

    /// <summary>(width, kvWidth), or null where the values are the keys before they turn, and with <see cref="KeysOf"/>.</summary>
    public required GgufTensor? Value { get; init; }

    /// <summary>An attention before this one whose keys and values it sees, so that it keeps none of its own; null where it has its own.</summary>
    public AttentionOperator? KeysOf { get; init; }

    /// <summary>Whether value heads are normalised without a gain: gemma4.</summary>
    public bool NormalisesValues { get; init; }

    /// <summary>(queryWidth, width).</summary>
    public required GgufTensor Output { get; init; }

    /// <summary>(queryWidth).</summary>
    public GgufTensor? QueryBias { get; init; }

    /// <summary>(kvWidth).</summary>
    public GgufTensor? KeyBias { get; init; }

    /// <summary>(kvWidth).</summary>
    public GgufTensor? ValueBias { get; init; }

    /// <summary>(width).</summary>
    public GgufTensor? OutputBias { get; init; }

    /// <summary>RMSNorm gain of each query head before rotation (headSize).</summary>
    public GgufTensor? QueryNorm { get; init; }

    /// <summary>RMSNorm gain of each key head before rotation (headSize).</summary>
    public GgufTensor? KeyNorm { get; init; }

    /// <summary>Whether query and key heads are normalised without a gain after rotation: llama4.</summary>
    public bool NormalisesTurned { get; init; }

    /// <summary>How queries and keys turn with their position, or null where positions are not told.</summary>
    public RopeSettings? Rope { get; init; }

    /// <summary>A token sees itself and as many before it as make this many; 0 for all.</summary>
    public int Window { get; init; }

    /// <summary>A token sees those before it in the same chunk of so many positions, counted from 0; 0 for all.</summary>
    public int ChunkLength { get; init; }

    /// <summary>Whether what attention gives is multiplied by the sigmoid of a gate that comes with the queries: qwen35.</summary>
    public bool HasOutputGate { get; init; }

    /// <summary>One more score for each query head, which has no value (heads).</summary>
    public GgufTensor? Sinks { get; init; }

    /// <summary>What the products of queries and keys are multiplied by.</summary>
    public required float Scale { get; init; }

    /// <summary>Scores s become cap * tanh(s / cap); 0 for none.</summary>
    public float ScoreCap { get; init; }

    /// <summary>Grows scores with the position, or null.</summary>
    public AttentionTemperature? Temperature { get; init; }
}
