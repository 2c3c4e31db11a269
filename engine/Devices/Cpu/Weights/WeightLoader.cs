using Crescent.Engine.Devices.Cpu.Simd;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>Chooses for each tensor the matrix that the kernels of an instruction set are fastest with.</summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal static unsafe class WeightLoader<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>The matrix of a tensor (columns, rows).</summary>
    public static WeightMatrix Load(GgufTensor tensor) => Load(tensor, 0, checked((int)tensor.Rows));

    /// <summary>The matrix of each expert of a tensor (columns, rows, experts), or the one of a tensor without experts.</summary>
    public static WeightMatrix[] LoadExperts(GgufTensor tensor, int experts)
    {
        var rows = checked((int)(tensor.Rows / experts));
        var matrices = new WeightMatrix[experts];
        for (var e = 0; e < experts; e++)
            matrices[e] = Load(tensor, (long)e * rows, rows);
        return matrices;
    }

#pragma warning disable CA1859 // one of several kinds of matrix
    private static WeightMatrix Load(GgufTensor tensor, long firstRow, int rows)
    {
        var rowBytes = checked((nint)tensor.RowBytes);
        return new FloatMatrix<TLanes>(tensor.Type, tensor.Data + (firstRow * rowBytes), rowBytes, tensor.Columns, rows);
    }
}
