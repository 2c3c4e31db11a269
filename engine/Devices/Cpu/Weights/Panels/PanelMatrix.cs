using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>A matrix of a quantised type, repacked into panels, with activations as numbers.</summary>
internal sealed unsafe class PanelMatrix<TLanes, TFormat, TDot> : WeightMatrix
    where TLanes : unmanaged, ILanes<TLanes>
    where TFormat : IPanelFormat
    where TDot : IPanelDot<TLanes>
{
    // From how many tokens on it pays to unpack a panel first. Registers of 512 bits hold sums, outputs and what unpacks, all at once.
    private const int UnpackFrom = 8;

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
        for (var panel = first; panel < end; panel++, w += _panelBytes, output += count * PanelRows)
        {
            if (count < UnpackFrom || typeof(TLanes) == typeof(Lanes512))
                MultiplyFew(w, activations, stride, rows, count, output);
            else
                MultiplyMany(UnpackedPanel.Of<TLanes, TFormat>(w, _superBlocks, scratch), activations, stride, rows, count, output);
        }
    }

    public override void Dispose() => _panels.Dispose();

    private void MultiplyFew(byte* w, byte* activations, nint stride, int* rows, int count, float* output)
    {
        for (var t = 0; t < count;)
        {
            t += (count - t) switch
            {
                1 => Few<OneToken>(w, activations, stride, rows + t, output + (t * PanelRows)),
                < 4 => Few<TwoTokens>(w, activations, stride, rows + t, output + (t * PanelRows)),
                >= 8 when Tile == 8 => Few<EightTokens>(w, activations, stride, rows + t, output + (t * PanelRows)),
                _ => Few<FourTokens>(w, activations, stride, rows + t, output + (t * PanelRows)),
            };
        }
    }

    private int Few<TTokens>(byte* w, byte* activations, nint stride, int* rows, float* output)
        where TTokens : unmanaged
    {
        PanelKernel<TLanes, TFormat, TDot, TTokens>.Multiply(w, _superBlocks, activations, stride, rows, output);
        return sizeof(TTokens);
    }

    private static void MultiplyMany(in UnpackedPanel panel, byte* activations, nint stride, int* rows, int count, float* output)
    {
        for (var t = 0; t < count;)
        {
            t += (count - t) switch
            {
                >= 8 when Tile == 8 => Many<EightTokens>(panel, activations, stride, rows + t, output + (t * PanelRows)),
                >= 6 when Tile == 6 => Many<SixTokens>(panel, activations, stride, rows + t, output + (t * PanelRows)),
                >= 4 => Many<FourTokens>(panel, activations, stride, rows + t, output + (t * PanelRows)),
                >= 2 => Many<TwoTokens>(panel, activations, stride, rows + t, output + (t * PanelRows)),
                _ => Many<OneToken>(panel, activations, stride, rows + t, output + (t * PanelRows)),
            };
        }
    }

    private static int Many<TTokens>(in UnpackedPanel panel, byte* activations, nint stride, int* rows, float* output)
        where TTokens : unmanaged
    {
        UnpackedKernel<TLanes, TDot, TTokens>.Multiply(panel, activations, stride, rows, output);
        return sizeof(TTokens);
    }
}
