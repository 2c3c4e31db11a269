using Crescent.Engine.Simd;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>
/// A matrix that is multiplied with float activations: F32, F16 and BF16 straight from the file, every other type by turning a
/// panel's rows into floats first. The weights stay where the file is mapped.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal sealed unsafe class FloatMatrix<TLanes> : WeightMatrix
    where TLanes : unmanaged, ILanes<TLanes>
{
    // From this many tokens on it pays to turn a panel into floats once rather than for each token.
    private const int ExpandFrom = 4;

    private readonly GgmlType _type;
    private readonly byte* _data;
    private readonly nint _rowBytes;

    /// <summary>The matrix of rows that lie one after the other at <paramref name="data"/>.</summary>
    public FloatMatrix(GgmlType type, byte* data, int columns, int rows)
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
            MultiplyPanel(panel, activations, stride, rows, count, output, scratch);
    }

    public override void Dispose()
    {
        // The weights belong to the file.
    }

    private void MultiplyPanel(int panel, byte* activations, nint stride, int* rows, int count, float* output, float* scratch)
    {
        var first = panel * PanelRows;
        var live = Math.Min(PanelRows, Rows - first);
        var w = _data + (first * _rowBytes);
        switch (_type)
        {
            case GgmlType.F32:
                Rows16<SingleElement<TLanes>>(w, _rowBytes, live, activations, stride, rows, count, output);
                break;
            case GgmlType.F16 when count < ExpandFrom:
                Rows16<HalfElement<TLanes>>(w, _rowBytes, live, activations, stride, rows, count, output);
                break;
            case GgmlType.BF16 when count < ExpandFrom:
                Rows16<BrainElement<TLanes>>(w, _rowBytes, live, activations, stride, rows, count, output);
                break;
            default:
                for (var r = 0; r < live; r++)
                    Expand(w + (r * _rowBytes), scratch + (r * Columns));
                Rows16<SingleElement<TLanes>>((byte*)scratch, Columns * sizeof(float), live, activations, stride, rows, count, output);
                break;
        }
    }

    private void Expand(byte* row, float* output)
    {
        if (_type == GgmlType.F16)
            RowKernel<TLanes, HalfElement<TLanes>>.Expand(row, Columns, output);
        else if (_type == GgmlType.BF16)
            RowKernel<TLanes, BrainElement<TLanes>>.Expand(row, Columns, output);
        else
            Dequantizer.Dequantize(_type, new ReadOnlySpan<byte>(row, (int)_rowBytes), new Span<float>(output, Columns));
    }

    private void Rows16<TElement>(
        byte* w, nint rowBytes, int live, byte* activations, nint stride, int* rows, int count, float* output)
        where TElement : IRowElement<TLanes>
    {
        var t = 0;
        for (; t + 4 <= count; t += 4)
        {
            var x0 = (float*)(activations + (rows[t] * stride));
            var x1 = (float*)(activations + (rows[t + 1] * stride));
            var x2 = (float*)(activations + (rows[t + 2] * stride));
            var x3 = (float*)(activations + (rows[t + 3] * stride));
            var r = 0;
            for (; r + 4 <= live; r += 4)
                RowKernel<TLanes, TElement>.FourByFour(w + (r * rowBytes), rowBytes, x0, x1, x2, x3, Columns, output + (t * PanelRows) + r);
            for (; r < live; r++)
            {
                var o = output + (t * PanelRows) + r;
                o[0] = RowKernel<TLanes, TElement>.OneRow(w + (r * rowBytes), x0, Columns);
                o[16] = RowKernel<TLanes, TElement>.OneRow(w + (r * rowBytes), x1, Columns);
                o[32] = RowKernel<TLanes, TElement>.OneRow(w + (r * rowBytes), x2, Columns);
                o[48] = RowKernel<TLanes, TElement>.OneRow(w + (r * rowBytes), x3, Columns);
            }
        }

        for (; t < count; t++)
        {
            var x = (float*)(activations + (rows[t] * stride));
            var o = output + (t * PanelRows);
            var r = 0;
            for (; r + 4 <= live; r += 4)
                RowKernel<TLanes, TElement>.FourRows(w + (r * rowBytes), rowBytes, x, Columns, o + r);
            for (; r < live; r++)
                o[r] = RowKernel<TLanes, TElement>.OneRow(w + (r * rowBytes), x, Columns);
        }
    }
}
