using Crescent.Engine.Cuda.Memory;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>What tells all layers of tokens beside the residual stream, in device memory.</summary>
/// <param name="Tokens">(values of a layer * layers, vocabulary): rows are gathered.</param>
/// <param name="Projection">(width, values of a layer * layers).</param>
/// <param name="Norm">Gain (values of a layer).</param>
/// <param name="Size">Values of a layer.</param>
internal sealed record PerLayerWeights(PackedMatrix Tokens, PackedMatrix Projection, DeviceBuffer Norm, int Size)
{
    /// <summary>Layers.</summary>
    public int Layers => Tokens.Columns / Size;
}
