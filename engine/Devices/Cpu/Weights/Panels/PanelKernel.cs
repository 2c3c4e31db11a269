using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// A panel of 16 rows times one or four tokens. A block's products are added as integers, exactly, and the blocks' totals as
/// floats in order: the same bits however many tokens a call takes.
/// </summary>
internal static unsafe class PanelKernel<TLanes, TFormat, TDot, TWeights, TSum>
    where TLanes : unmanaged, ILanes<TLanes>
    where TFormat : IPanelFormat
    where TDot : IPanelDot<TLanes, TWeights, TSum>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    private const int PanelRows = WeightMatrix.PanelRows;

    /// <summary>output (16) = panel times <paramref name="a"/>, both of <paramref name="blocks"/> blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void One(byte* panel, byte* a, int blocks, float* output)
    {
        for (var r = 0; r < PanelRows; r += TLanes.Count)
        {
            var w = panel + (r * TFormat.RowBytes);
            var scales = panel + PanelLayout<TFormat>.Scales + (r * sizeof(ushort));
            var x = a;
            var f = TLanes.Zero;
            for (var b = 0; b < blocks; b++)
            {
                TSum sum = default;
                for (var g = 0; g < TFormat.Groups; g += 4)
                {
                    sum = TDot.Add(sum, TDot.Load(w + (g * PanelLayout<TFormat>.GroupBytes)), x + (g * 4));
                    sum = TDot.Add(sum, TDot.Load(w + ((g + 1) * PanelLayout<TFormat>.GroupBytes)), x + (g * 4) + 4);
                    sum = TDot.Add(sum, TDot.Load(w + ((g + 2) * PanelLayout<TFormat>.GroupBytes)), x + (g * 4) + 8);
                    sum = TDot.Add(sum, TDot.Load(w + ((g + 3) * PanelLayout<TFormat>.GroupBytes)), x + (g * 4) + 12);
                }

                f = AddBlock(f, sum, x, scales);
                w += PanelLayout<TFormat>.BlockBytes;
                scales += PanelLayout<TFormat>.BlockBytes;
                x += PanelLayout<TFormat>.ActivationBytes;
            }

            TLanes.Store(f, output + r);
        }
    }

    /// <summary>The same for four tokens; token t's values go to output + 16 t.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Four(byte* panel, byte* a0, byte* a1, byte* a2, byte* a3, int blocks, float* output)
    {
        for (var r = 0; r < PanelRows; r += TLanes.Count)
        {
            var w = panel + (r * TFormat.RowBytes);
            var scales = panel + PanelLayout<TFormat>.Scales + (r * sizeof(ushort));
            byte* x0 = a0, x1 = a1, x2 = a2, x3 = a3;
            TLanes f0 = TLanes.Zero, f1 = TLanes.Zero, f2 = TLanes.Zero, f3 = TLanes.Zero;
            for (var b = 0; b < blocks; b++)
            {
                TSum s0 = default, s1 = default, s2 = default, s3 = default;
                for (var g = 0; g < TFormat.Groups; g++)
                {
                    var weights = TDot.Load(w + (g * PanelLayout<TFormat>.GroupBytes));
                    s0 = TDot.Add(s0, weights, x0 + (g * 4));
                    s1 = TDot.Add(s1, weights, x1 + (g * 4));
                    s2 = TDot.Add(s2, weights, x2 + (g * 4));
                    s3 = TDot.Add(s3, weights, x3 + (g * 4));
                }

                f0 = AddBlock(f0, s0, x0, scales);
                f1 = AddBlock(f1, s1, x1, scales);
                f2 = AddBlock(f2, s2, x2, scales);
                f3 = AddBlock(f3, s3, x3, scales);
                w += PanelLayout<TFormat>.BlockBytes;
                scales += PanelLayout<TFormat>.BlockBytes;
                x0 += PanelLayout<TFormat>.ActivationBytes;
                x1 += PanelLayout<TFormat>.ActivationBytes;
                x2 += PanelLayout<TFormat>.ActivationBytes;
                x3 += PanelLayout<TFormat>.ActivationBytes;
            }

            TLanes.Store(f0, output + r);
            TLanes.Store(f1, output + PanelRows + r);
            TLanes.Store(f2, output + (2 * PanelRows) + r);
            TLanes.Store(f3, output + (3 * PanelRows) + r);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TLanes AddBlock(TLanes f, TSum sum, byte* activations, byte* scales)
    {
        // The activations' scale carries the 2^112 that the halves of scales and minima lack.
        var scale = *(float*)(activations + PanelLayout<TFormat>.ActivationScale);
        var total = TFormat.Offset != 0 || TFormat.HasMinimum ? *(int*)(activations + PanelLayout<TFormat>.ActivationScale + 4) : 0;
        var factor = TLanes.Create(scale);
        f = TLanes.MultiplyAdd(TDot.Total(sum, -TFormat.Offset * total), TLanes.LoadHalf((ushort*)scales) * factor, f);
        if (TFormat.HasMinimum)
        {
            var minima = (ushort*)(scales + PanelLayout<TFormat>.Minima - PanelLayout<TFormat>.Scales);
            f = TLanes.MultiplyAdd(TLanes.LoadHalf(minima) * factor, TLanes.Create((float)total), f);
        }

        return f;
    }
}
