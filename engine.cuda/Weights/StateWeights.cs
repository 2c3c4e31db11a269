using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Gguf;
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

    /// <summary>Loads an operator, or a GPU's share of one.</summary>
    /// <exception cref="NotSupportedException">It is of a kind that <see cref="ModelFit"/> lets not through.</exception>
    public static StateWeights Load(WeightUpload upload, StateOperator step, int index)
    {
        const string Purpose = "weights";
        var share = step as StateShare ?? StateShare.All(step);
        return new StateWeights
        {
            Index = index,
            Shape = share.Shape,
            Input = MatrixGroup.Load(upload, [.. share.Input]),
            Convolution = Floats(share.Convolution)!,
            ConvolutionBias = Floats(share.ConvolutionBias),
            DecayRate = Floats(share.DecayRate),
            RateBias = Floats(share.RateBias),
            Skip = Floats(share.Skip),
            OutputNorm = Floats(share.OutputNorm),
            Output = upload.LoadColumns(Purpose, share.Output, share.OutputRuns),
        };

        DeviceBuffer? Floats(IReadOnlyList<GgufTensor> pieces) => pieces.Count == 0 ? null : upload.LoadFloats(Purpose, [.. pieces]);
    }
}
