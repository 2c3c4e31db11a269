using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>What a layer makes of what it is told of tokens, in device memory.</summary>
/// <param name="Gate">(width, values that it is told).</param>
/// <param name="Output">(values that it is told, width).</param>
/// <param name="Layer">Which of the layers it is, from 0.</param>
internal sealed record PerLayerPartWeights(PackedMatrix Gate, PackedMatrix Output, int Layer) : PartWeights
{
    /// <inheritdoc/>
    public override IEnumerable<PackedMatrix> Matrices => [Gate, Output];

    /// <inheritdoc/>
    public override bool IsWhole => true;

    /// <summary>Loads a layer's.</summary>
    public static PerLayerPartWeights Load(WeightUpload upload, PerLayerInputOperator told)
    {
        const string Purpose = "weights";
        return new PerLayerPartWeights(upload.Load(Purpose, told.Gate), upload.Load(Purpose, told.Output), told.Layer);
    }
}
