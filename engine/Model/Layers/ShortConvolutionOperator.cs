using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Model.Layers;

/// <summary>A gated causal convolution over a few positions: b, c, x = in; out(c * convolution(b * x)).</summary>
public sealed record ShortConvolutionOperator : StateOperator
{
    /// <inheritdoc/>
    public override string Name => "short convolution";

    /// <inheritdoc/>
    public override IEnumerable<GgufTensor> Matrices => [Input, Output];

    /// <summary>(width, 3 width).</summary>
    public required GgufTensor Input { get; init; }

    /// <summary>(kernel, width): the last column meets the present.</summary>
    public required GgufTensor Convolution { get; init; }

    /// <summary>(width, width).</summary>
    public required GgufTensor Output { get; init; }

    /// <summary>Positions that the convolution meets.</summary>
    public int Kernel => Convolution.Columns;

    /// <summary>Values of a token that go through the convolution.</summary>
    public int Channels => Output.Columns;

    /// <inheritdoc/>
    public override int StateFloats => Channels * (Kernel - 1);
}
