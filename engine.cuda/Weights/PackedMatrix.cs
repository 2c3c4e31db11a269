using Crescent.Engine.Cuda.Memory;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Weights;

/// <summary>A matrix (columns, rows) in device memory, y = W x.</summary>
/// <param name="Format">How its numbers lie.</param>
/// <param name="Rows">Values of y.</param>
/// <param name="Columns">Values of x.</param>
/// <param name="Buffer">Its memory.</param>
internal sealed record PackedMatrix(PackedFormat Format, int Rows, int Columns, DeviceBuffer Buffer)
{
    /// <summary>Tiles beside each other.</summary>
    public int Steps => PackedFormats.Steps(Columns);

    /// <summary>Halves from one row of x to the next: <see cref="Columns"/> rounded up to whole tiles.</summary>
    public int Padded => Steps * PackedFormats.TileColumns;

    /// <summary>Its first byte.</summary>
    public CUdeviceptr Pointer => Buffer.Pointer;
}
