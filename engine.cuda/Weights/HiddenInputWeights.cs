using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>What joins tokens with the hidden states with which they come, in device memory.</summary>
/// <param name="TokenNorm">Gain for embeddings (width).</param>
/// <param name="HiddenNorm">Gain for hidden states (width).</param>
/// <param name="Projection">(2 width, width): of both, embeddings first.</param>
internal sealed record HiddenInputWeights(DeviceBuffer TokenNorm, DeviceBuffer HiddenNorm, PackedMatrix Projection)
{
    /// <summary>Loads them; null for a model that takes no hidden states.</summary>
    public static HiddenInputWeights? Load(WeightUpload upload, HiddenInput? input)
    {
        const string Purpose = "weights";
        return input is null
            ? null
            : new HiddenInputWeights(upload.LoadFloats(Purpose, input.TokenNorm)!, upload.LoadFloats(Purpose, input.HiddenNorm)!, upload.Load(Purpose, input.Projection));
    }
}
