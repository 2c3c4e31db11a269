using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>A dense feed-forward part in device memory.</summary>
/// <param name="GateUp">Gate, up; up alone where it has no gate.</param>
/// <param name="Down">(hidden, width).</param>
/// <param name="Activation">What is between them.</param>
/// <param name="Share">(width), or null: the output is multiplied by the sigmoid of its product with the input.</param>
internal sealed record FeedForwardWeights(MatrixGroup GateUp, PackedMatrix Down, FeedForwardActivation Activation, DeviceBuffer? Share) : PartWeights
{
    /// <summary>Whether there is a gate.</summary>
    public bool IsGated => Activation != FeedForwardActivation.SquaredRelu;

    /// <inheritdoc/>
    public override IEnumerable<PackedMatrix> Matrices => GateUp.Matrices.Append(Down);

    /// <summary>Loads a part.</summary>
    public static FeedForwardWeights Load(WeightUpload upload, FeedForwardOperator dense)
    {
        const string Purpose = "weights";
        var group = dense.Activation == FeedForwardActivation.SquaredRelu ? MatrixGroup.Load(upload, dense.Up) : MatrixGroup.Load(upload, dense.Gate, dense.Up);
        return new FeedForwardWeights(group, upload.Load(Purpose, dense.Down), dense.Activation, upload.LoadFloats(Purpose, dense.Share));
    }
}
