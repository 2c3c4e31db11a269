using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// A matrix of any type, multiplied with float activations after its rows have been turned into floats, a panel at a time: for types that have no
/// kernels of their own, and what those that have are tested against. The weights stay where the file is mapped.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal sealed unsafe class GeneralMatrix<TLanes> : WeightMatrix
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly GgmlType _type;
    private readonly byte* _data;
    private readonly nint _rowBytes;

    /// <summary>The matrix of rows that lie one after the other at <paramref name="data"/>.</summary>
    public GeneralMatrix(GgmlType type, byte* data, int columns, int rows)
        : base(columns, rows)
    {
        _type = type;
        _data = data;
        _rowBytes = (nint)(columns / GgmlTypes.BlockLength(type) * (long)GgmlTypes.BlockBytes(type));
    }

    public override ActivationFormat Format => ActivationFormat.Floats;

    public override void Multiply(
        int first, int end, byte* activations, nint stride, int* rows, int count, float* output, float* scratch)
    {
        for (var panel = first; panel < end; panel++, output += count * PanelRows)
        {
            Expand(panel, scratch);
            FloatPanels<TLanes, SingleElement<TLanes>>.Multiply((byte*)scratch, Columns, activations, stride, rows, count, output);
        }
    }

    public override void Dispose()
    {
        // The weights belong to the file.
    }

    /// <summary>Writes a panel's rows as floats (16, columns), a row behind them being used on the way.</summary>
    private void Expand(int panel, float* scratch)
    {
        var row = new Span<float>(scratch + ((long)Columns * PanelRows), Columns);
        var first = panel * PanelRows;
        for (var r = 0; r < Math.Min(PanelRows, Rows - first); r++)
        {
            Dequantizer.Dequantize(_type, new ReadOnlySpan<byte>(_data + ((first + r) * _rowBytes), (int)_rowBytes), row);
            for (var c = 0; c < Columns; c++)
                scratch[(c * PanelRows) + r] = row[c];
        }
    }
}
