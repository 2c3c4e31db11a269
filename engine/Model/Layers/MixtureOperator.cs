using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// A mixture of experts: each token goes through the <see cref="UsedCount"/> experts of greatest score, and their outputs are added up by weight. Experts that all
/// tokens go through are a <see cref="FeedForwardOperator"/> of the same branch.
/// </summary>
public sealed record MixtureOperator : LayerOperator
{
    /// <inheritdoc/>
    public override string Name => "mixture of experts";

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices => [Router, .. Gate, .. Up, .. Down];

    /// <summary>Experts that each token passes through.</summary>
    public required int UsedCount { get; init; }

    /// <summary>(width, experts).</summary>
    public required GgufTensor Router { get; init; }

    /// <summary>Gain of a norm of the residual stream (width) that the router reads instead of what the experts read; null where both read the same: gemma4.</summary>
    public GgufTensor? RouterNorm { get; init; }

    /// <summary>What is multiplied with that norm.</summary>
    public float RouterScale { get; init; } = 1;

    /// <summary>What the output of each expert is multiplied by, beside its weight (experts); null for 1.</summary>
    public GgufTensor? OutputScale { get; init; }

    /// <summary>Added to the router's logits (experts), or null.</summary>
    public GgufTensor? RouterBias { get; init; }

    /// <summary>Added to the scores for the choice alone (experts), or null.</summary>
    public GgufTensor? ChoiceBias { get; init; }

    /// <summary>How logits become scores.</summary>
    public required ExpertGating Gating { get; init; }

    /// <summary>Whether the weights of a token are divided by their sum.</summary>
    public bool NormalisesWeights { get; init; } = true;

    /// <summary>What weights are multiplied by in the end.</summary>
    public float WeightScale { get; init; } = 1;

    /// <summary>Whether the weight goes to the expert's input instead of its output: llama4.</summary>
    public bool WeighsInput { get; init; }

    /// <summary>What is between the matrices.</summary>
    public required FeedForwardActivation Activation { get; init; }

    /// <summary>(width, hidden) of each expert.</summary>
    public required IReadOnlyList<GgufTensor> Gate { get; init; }

    /// <summary>(width, hidden) of each expert.</summary>
    public required IReadOnlyList<GgufTensor> Up { get; init; }

    /// <summary>(hidden, width) of each expert.</summary>
    public required IReadOnlyList<GgufTensor> Down { get; init; }

    /// <summary>(hidden, experts), or null.</summary>
    public GgufTensor? GateBias { get; init; }

    /// <summary>(hidden, experts), or null.</summary>
    public GgufTensor? UpBias { get; init; }

    /// <summary>(width, experts), or null.</summary>
    public GgufTensor? DownBias { get; init; }

    /// <summary>Experts.</summary>
    public int ExpertCount => Gate.Count;

    /// <summary>Values between the matrices of one expert.</summary>
    public int HiddenWidth => Down[0].Columns;
}
