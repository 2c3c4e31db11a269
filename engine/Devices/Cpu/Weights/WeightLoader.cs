using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Engine.Simd;
using Crescent.Engine.Devices.Cpu.Weights.Panels;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>Chooses for each tensor the matrix that the kernels of an instruction set are fastest with.</summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal static unsafe class WeightLoader<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>The matrix of a tensor (columns, rows).</summary>
    public static WeightMatrix Load(GgufTensor tensor) => Load(tensor.Type, tensor.Data, tensor.Columns, checked((int)tensor.Rows));

    /// <summary>The matrix of each expert of a tensor (columns, rows, experts), or the one of a tensor without experts.</summary>
    public static WeightMatrix[] LoadExperts(GgufTensor tensor, int experts)
    {
        var rows = checked((int)(tensor.Rows / experts));
        var bytes = tensor.ByteLength / experts;
        var matrices = new WeightMatrix[experts];
        for (var e = 0; e < experts; e++)
            matrices[e] = Load(tensor.Type, tensor.Data + (e * bytes), tensor.Columns, rows);
        return matrices;
    }

    /// <summary>The matrix of rows of <paramref name="type"/> that lie one after the other at <paramref name="data"/>.</summary>
    public static WeightMatrix Load(GgmlType type, byte* data, int columns, int rows) => type switch
    {
        GgmlType.Q8_0 => LoadQ8(data, columns, rows),
        GgmlType.Q4_0 => LoadQ4<Q4Nibbles>(data, columns, rows),
        GgmlType.Q4_1 => LoadQ4<Q4NibblesMinimum>(data, columns, rows),
        _ => new FloatMatrix<TLanes>(type, data, columns, rows),
    };

    private static WeightMatrix LoadQ8(byte* data, int columns, int rows)
    {
        if (typeof(TLanes) == typeof(Lanes512))
        {
            return AvxVnni.IsSupported
                ? new PanelMatrix<Lanes512, Q8Quads, VnniDot512<VnniByteDot>, VnniDot512<VnniByteDot>.Weights, VnniDot512<VnniByteDot>.Sum>(
                    data, columns, rows)
                : new PanelMatrix<Lanes512, Q8Pairs, WordsDot512, Vector512<short>, Vector512<int>>(data, columns, rows);
        }

        if (typeof(TLanes) == typeof(Lanes256))
        {
            return AvxVnni.IsSupported
                ? new PanelMatrix<Lanes256, Q8Quads, VnniDot256<VnniByteDot>, Vector256<byte>, Vector256<int>>(data, columns, rows)
                : new PanelMatrix<Lanes256, Q8Pairs, WordsDot256, Vector256<short>, Vector256<int>>(data, columns, rows);
        }

        return new PanelMatrix<Lanes128, Q8Pairs, WordsDot128, Vector128<int>, Vector128<int>>(data, columns, rows);
    }

    private static WeightMatrix LoadQ4<TFormat>(byte* data, int columns, int rows)
        where TFormat : IPanelFormat
    {
        if (typeof(TLanes) == typeof(Lanes512))
            return new PanelMatrix<Lanes512, TFormat, NibblesDot512, NibblesDot512.Weights, Vector512<short>>(data, columns, rows);
        if (typeof(TLanes) == typeof(Lanes256))
            return new PanelMatrix<Lanes256, TFormat, NibblesDot256, NibblesDot256.Weights, Vector256<short>>(data, columns, rows);
        return new PanelMatrix<Lanes128, TFormat, NibblesDot128, Vector128<int>, Vector128<int>>(data, columns, rows);
    }
}
