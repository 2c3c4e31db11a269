using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// A gated delta net (https://arxiv.org/abs/2412.06464): queries, keys and values go through a short causal convolution and SiLU; each value head keeps a
/// matrix S, which decays, and is moved so that it recalls the value by the key: S *= decay; S += beta (v - S k) k^T; o = S q. Outputs are normalised by
/// head and gated: o * silu(gate).
/// </summary>
public sealed record GatedDeltaNetOperator : StateOperator
{
    /// <inheritdoc/>
    public override string Name => "gated delta net";

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices => [QueryKeyValue, Gate, .. BetaAlpha is null ? (GgufTensor[])[Beta!, Alpha!] : [BetaAlpha], Output];

    /// <summary>Heads of queries and keys.</summary>
    public required int KeyHeads { get; init; }

    /// <summary>Heads of values; a multiple of <see cref="KeyHeads"/>.</summary>
    public required int ValueHeads { get; init; }

    /// <summary>Values in each head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Whether neighbouring value heads share a key head (qwen3next), or those that have the same rest (qwen35).</summary>
    public bool NeighboursShareKeys { get; init; }

    /// <summary>(width, channels): queries, keys, values.</summary>
    public required GgufTensor QueryKeyValue { get; init; }

    /// <summary>(width, values).</summary>
    public required GgufTensor Gate { get; init; }

    /// <summary>(width, value heads), or null where <see cref="BetaAlpha"/> has them.</summary>
    public GgufTensor? Beta { get; init; }

    /// <summary>(width, value heads), or null where <see cref="BetaAlpha"/> has them.</summary>
    public GgufTensor? Alpha { get; init; }

    /// <summary>(width, 2 value heads): for each key head the betas of its value heads, then their alphas.</summary>
    public GgufTensor? BetaAlpha { get; init; }

    /// <summary>(kernel, channels): the last column meets the present.</summary>
    public required GgufTensor Convolution { get; init; }

    /// <summary>(value heads), negative: decay = exp(a * softplus(alpha + bias)).</summary>
    public required GgufTensor DecayRate { get; init; }

    /// <summary>(value heads).</summary>
    public required GgufTensor DecayBias { get; init; }

    /// <summary>RMSNorm gain of each head's output (headSize).</summary>
    public required GgufTensor OutputNorm { get; init; }

    /// <summary>(values, width).</summary>
    public required GgufTensor Output { get; init; }

    /// <summary>Values of a token.</summary>
    public int ValueWidth => ValueHeads * HeadSize;

    /// <summary>Queries, keys and values of a token.</summary>
    public int Channels => (2 * KeyHeads * HeadSize) + ValueWidth;

    /// <summary>Positions that the convolution meets.</summary>
    public int Kernel => Convolution.Columns;

    /// <inheritdoc/>
    public override int StateFloats => (Channels * (Kernel - 1)) + (ValueHeads * HeadSize * HeadSize);
}
