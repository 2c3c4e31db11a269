using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>A matrix of a quantised type, repacked into panels, with activations quantised by blocks of 32.</summary>
internal sealed unsafe class PanelMatrix<TLanes, TFormat, TDot, TWeights, TSum> : WeightMatrix
    where TLanes : unmanaged, ILanes<TLanes>
    where TFormat : IPanelFormat
    where TDot : IPanelDot<TLanes, TWeights, TSum>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    private readonly NativeBuffer _panels;
    private readonly int _blocks;
    private readonly long _panelBytes;

    /// <summary>Repacks <paramref name="rows"/> rows that lie one after the other at <paramref name="source"/>.</summary>
    public PanelMatrix(byte* source, int columns, int rows)
        : base(columns, rows)
    {
        _blocks = columns / ActivationRows.Block;
        _panelBytes = (long)_blocks * PanelLayout<TFormat>.BlockBytes;
        _panels = new NativeBuffer(_panelBytes * Panels);
        for (var r = 0; r < rows; r++)
        {
            var target = _panels.Data + (r / PanelRows * _panelBytes);
            for (var b = 0; b < _blocks; b++, source += TFormat.SourceBytes, target += PanelLayout<TFormat>.BlockBytes)
                TFormat.Pack(source, target, r % PanelRows);
        }
    }

    public override ActivationFormat Format => TFormat.Activations;

    public override void Multiply(
        int first, int end, byte* activations, nint stride, int* rows, int count, float* output, float* scratch)
    {
        var w = _panels.Data + (first * _panelBytes);
        for (var panel = first; panel < end; panel++, w += _panelBytes)
        {
            var t = 0;
            for (; t + 4 <= count; t += 4, output += 4 * PanelRows)
            {
                PanelKernel<TLanes, TFormat, TDot, TWeights, TSum>.Four(
                    w, activations + (rows[t] * stride), activations + (rows[t + 1] * stride), activations + (rows[t + 2] * stride),
                    activations + (rows[t + 3] * stride), _blocks, output);
            }

            for (; t < count; t++, output += PanelRows)
                PanelKernel<TLanes, TFormat, TDot, TWeights, TSum>.One(w, activations + (rows[t] * stride), _blocks, output);
        }
    }

    public override void Dispose() => _panels.Dispose();
}
