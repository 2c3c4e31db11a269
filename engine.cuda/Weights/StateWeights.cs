using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>
/// What an operator that keeps a state multiplies with, in device memory: a projection, a causal convolution and a projection back; and for those with a matrix for
/// each head, how it fades and what is made of what it recalls.
/// </summary>
internal sealed record StateWeights : PartWeights
{
    /// <summary>Its number among a model's operators that keep a state.</summary>
    public required int Index { get; init; }

    /// <summary>Where the parts of a row of <see cref="Input"/> are and what is kept.</summary>
    public required StateShape Shape { get; init; }

    /// <summary>All that is made of the input.</summary>
    public required MatrixGroup Input { get; init; }

    /// <summary>(kernel, channels): the last column meets the present.</summary>
    public required DeviceBuffer Convolution { get; init; }

    /// <summary>(channels), or null.</summary>
    public DeviceBuffer? ConvolutionBias { get; init; }

    /// <summary>(heads), or null without heads.</summary>
    public DeviceBuffer? DecayRate { get; init; }

    /// <summary>(heads), or null without heads: added to what the step, or the decay, is made of.</summary>
    public DeviceBuffer? RateBias { get; init; }

    /// <summary>(heads), or null: what of a value goes straight to the output.</summary>
    public DeviceBuffer? Skip { get; init; }

    /// <summary>Gain of the norm of outputs, or null.</summary>
    public DeviceBuffer? OutputNorm { get; init; }

    /// <summary>(values, width).</summary>
    public required PackedMatrix Output { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<PackedMatrix> Matrices => Input.Matrices.Append(Output);

    /// <summary>Loads an operator.</summary>
    /// <exception cref="NotSupportedException">It is of a kind that <see cref="ModelFit"/> lets not through.</exception>
    public static StateWeights Load(WeightUpload upload, StateOperator step, int index)
    {
        const string Purpose = "weights";
        var shape = StateShape.Of(step);
        return step switch
        {
            GatedDeltaNetOperator net => new StateWeights
            {
                Index = index,
                Shape = shape,
                Input = MatrixGroup.Load(upload, [net.QueryKeyValue, net.Gate, .. net.BetaAlpha is { } both ? new[] { both } : [net.Beta!, net.Alpha!]]),
                Convolution = upload.LoadFloats(Purpose, net.Convolution)!,
                DecayRate = upload.LoadFloats(Purpose, net.DecayRate),
                RateBias = upload.LoadFloats(Purpose, net.DecayBias),
                OutputNorm = upload.LoadFloats(Purpose, net.OutputNorm),
                Output = upload.Load(Purpose, net.Output),
            },
            Mamba2Operator mamba => new StateWeights
            {
                Index = index,
                Shape = shape,
                Input = MatrixGroup.Load(upload, mamba.Input),
                Convolution = upload.LoadFloats(Purpose, mamba.Convolution)!,
                ConvolutionBias = upload.LoadFloats(Purpose, mamba.ConvolutionBias),
                DecayRate = upload.LoadFloats(Purpose, mamba.DecayRate),
                RateBias = upload.LoadFloats(Purpose, mamba.StepBias),
                Skip = upload.LoadFloats(Purpose, mamba.Skip),
                OutputNorm = upload.LoadFloats(Purpose, mamba.OutputNorm),
                Output = upload.Load(Purpose, mamba.Output),
            },
            ShortConvolutionOperator convolution => new StateWeights
            {
                Index = index,
                Shape = shape,
                Input = MatrixGroup.Load(upload, convolution.Input),
                Convolution = upload.LoadFloats(Purpose, convolution.Convolution)!,
                Output = upload.Load(Purpose, convolution.Output),
            },
            _ => throw new NotSupportedException(step.Name),
        };
    }
}
