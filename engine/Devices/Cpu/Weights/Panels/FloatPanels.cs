using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>A matrix of floats of any width, repacked into panels (16 rows, columns), with float activations.</summary>
internal sealed unsafe class FloatPanels<TLanes, TElement> : WeightMatrix
    where TLanes : unmanaged, ILanes<TLanes>
    where TElement : IRowElement<TLanes>
{
    private readonly NativeBuffer _panels;
    private readonly long _panelBytes;

    /// <summary>Repacks <paramref name="rows"/> rows that lie one after the other at <paramref name="source"/>.</summary>
    public FloatPanels(byte* source, int columns, int rows)
        : base(columns, rows)
    {
        _panelBytes = (long)columns * PanelRows * TElement.Size;
        _panels = new NativeBuffer(_panelBytes * Panels);
        for (var r = 0; r < rows; r++)
        {
            var target = _panels.Data + (r / PanelRows * _panelBytes) + (r % PanelRows * TElement.Size);
            for (var c = 0; c < columns; c++, source += TElement.Size, target += PanelRows * TElement.Size)
                new ReadOnlySpan<byte>(source, TElement.Size).CopyTo(new Span<byte>(target, TElement.Size));
        }
    }

    public override ActivationFormat Format => ActivationFormat.Floats;

    public override void Multiply(
        int first, int end, byte* activations, nint stride, int* rows, int count, float* output, float* scratch)
    {
        var w = _panels.Data + (first * _panelBytes);
        for (var panel = first; panel < end; panel++, w += _panelBytes, output += count * PanelRows)
            Multiply(w, Columns, activations, stride, rows, count, output);
    }

    public override void Dispose() => _panels.Dispose();

    /// <summary>Computes one panel for <paramref name="count"/> tokens.</summary>
    internal static void Multiply(byte* panel, int columns, byte* activations, nint stride, int* rows, int count, float* output)
    {
        var t = 0;
        for (; t + 4 <= count; t += 4)
            FloatKernel<TLanes, TElement, FourTokens>.Multiply(panel, columns, activations, stride, rows + t, output + (t * PanelRows));
        for (; t + 2 <= count; t += 2)
            FloatKernel<TLanes, TElement, TwoTokens>.Multiply(panel, columns, activations, stride, rows + t, output + (t * PanelRows));
        for (; t < count; t++)
            FloatKernel<TLanes, TElement, OneToken>.Multiply(panel, columns, activations, stride, rows + t, output + (t * PanelRows));
    }
}
