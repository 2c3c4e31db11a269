using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>A matrix of a quantised type, repacked into panels, with activations as numbers.</summary>
internal sealed unsafe class PanelMatrix<TLanes, TFormat, TDot> : WeightMatrix
    where TLanes : unmanaged, ILanes<TLanes>
    where TFormat : IPanelFormat
    where TDot : IPanelDot<TLanes>
{
    private readonly NativeBuffer _panels;
    private readonly int _superBlocks;
    private readonly long _panelBytes;

    /// <summary>Repacks <paramref name="rows"/> rows that lie one after the other at <paramref name="source"/>.</summary>
    public PanelMatrix(byte* source, int columns, int rows)
        : base(columns, rows)
    {
        var bytes = TFormat.HeaderBytes + (TFormat.Blocks * TFormat.BlockBytes);
        _superBlocks = columns / (TFormat.Blocks * PanelLayout.BlockColumns);
        _panelBytes = (long)_superBlocks * bytes;
        _panels = new NativeBuffer(_panelBytes * Panels);
        for (var r = 0; r < rows; r++)
        {
            var target = _panels.Data + (r / PanelRows * _panelBytes);
            for (var s = 0; s < _superBlocks; s++, source += TFormat.SourceBytes, target += bytes)
                TFormat.Pack(source, target, r % PanelRows);
        }
    }

    public override ActivationFormat Format => TDot.Activations;

    // As many as the registers hold: sums for each token, one or two for weights, one for activations.
    private static int Tile => typeof(TLanes) == typeof(Lanes256x2) ? 6 : typeof(TLanes) == typeof(Lanes128) ? 4 : 8;

    public override void Multiply(
        int first, int end, byte* activations, nint stride, int* rows, int count, float* output, float* scratch)
    {
        var w = _panels.Data + (first * _panelBytes);
        for (var panel = first; panel < end; panel++, w += _panelBytes)
        {
            for (var t = 0; t < count;)
                t += Multiply(w, activations, stride, rows + t, count - t, output + (t * PanelRows));
            output += count * PanelRows;
        }
    }

    public override void Dispose() => _panels.Dispose();

    /// <summary>Takes as many tokens as it can at once, and says how many.</summary>
    private int Multiply(byte* w, byte* activations, nint stride, int* rows, int count, float* output)
    {
        if (count >= 8 && Tile == 8)
            return Run<EightTokens>(w, activations, stride, rows, output);
        if (count >= 6 && Tile == 6)
            return Run<SixTokens>(w, activations, stride, rows, output);
        if (count >= 4)
            return Run<FourTokens>(w, activations, stride, rows, output);
        return count >= 2
            ? Run<TwoTokens>(w, activations, stride, rows, output)
            : Run<OneToken>(w, activations, stride, rows, output);
    }

    private int Run<TTokens>(byte* w, byte* activations, nint stride, int* rows, float* output)
        where TTokens : unmanaged
    {
        PanelKernel<TLanes, TFormat, TDot, TTokens>.Multiply(w, _superBlocks, activations, stride, rows, output);
        return sizeof(TTokens);
    }
}
