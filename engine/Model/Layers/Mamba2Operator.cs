using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>
/// Mamba-2 (https://arxiv.org/abs/2405.21060): z, (x, B, C) and dt are projected, the second goes through a short causal convolution with a bias and SiLU; each
/// head keeps a matrix S = S exp(dt a) + dt x B^T, and gives y = S C + d x; y * silu(z) is normalised by group.
/// </summary>
public sealed record Mamba2Operator : StateOperator
{
    /// <inheritdoc/>
    public override string Name => "Mamba-2";

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices => [Input, Output];

    /// <summary>Heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Groups of neighbouring heads that share B and C.</summary>
    public required int Groups { get; init; }

    /// <summary>Values of B, and of C; a multiple of 16.</summary>
    public required int StateSize { get; init; }

    /// <summary>(width, 2 inner + 2 groups * stateSize + heads): z, x, B, C, dt.</summary>
    public required GgufTensor Input { get; init; }

    /// <summary>(kernel, channels): the last column meets the present.</summary>
    public required GgufTensor Convolution { get; init; }

    /// <summary>(channels).</summary>
    public required GgufTensor ConvolutionBias { get; init; }

    /// <summary>(heads): dt = softplus(dt + bias).</summary>
    public required GgufTensor StepBias { get; init; }

    /// <summary>(heads), negative: a.</summary>
    public required GgufTensor DecayRate { get; init; }

    /// <summary>(heads): d.</summary>
    public required GgufTensor Skip { get; init; }

    /// <summary>RMSNorm gain of each group (inner / groups, groups).</summary>
    public required GgufTensor OutputNorm { get; init; }

    /// <summary>(inner, width).</summary>
    public required GgufTensor Output { get; init; }

    /// <summary>Values of all heads.</summary>
    public int Inner => Output.Columns;

    /// <summary>Values of a head.</summary>
    public int HeadSize => Inner / Heads;

    /// <summary>x, B and C of a token.</summary>
    public int Channels => Inner + (2 * Groups * StateSize);

    /// <summary>Positions that the convolution meets.</summary>
    public int Kernel => Convolution.Columns;

    /// <inheritdoc/>
    public override int StateFloats => (Channels * (Kernel - 1)) + (Inner * StateSize);
}
