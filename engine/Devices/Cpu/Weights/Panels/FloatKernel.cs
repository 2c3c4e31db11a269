using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// A panel of 16 rows of floats, (16, columns), times a few tokens. A row's products are added column by column, those of even columns apart
/// from those of odd ones: the same bits however many tokens a call takes, and with every instruction set.
/// </summary>
internal static unsafe class FloatKernel<TLanes, TElement, TTokens>
    where TLanes : unmanaged, ILanes<TLanes>
    where TElement : IRowElement<TLanes>
    where TTokens : unmanaged
{
    private const int PanelRows = WeightMatrix.PanelRows;

    /// <summary>output (16, tokens) = panel times the activations of each token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* panel, int columns, byte* activations, nint stride, int* rows, float* output)
    {
        for (var r = 0; r < PanelRows; r += TLanes.Count)
        {
            float* x0 = Row(activations, stride, rows, 0), x1 = Row(activations, stride, rows, 1);
            float* x2 = Row(activations, stride, rows, 2), x3 = Row(activations, stride, rows, 3);
            TLanes a0 = TLanes.Zero, a1 = TLanes.Zero, a2 = TLanes.Zero, a3 = TLanes.Zero;
            TLanes b0 = TLanes.Zero, b1 = TLanes.Zero, b2 = TLanes.Zero, b3 = TLanes.Zero;
            var c = 0;
            for (; c + 2 <= columns; c += 2)
            {
                var even = TElement.Load(panel, (c * PanelRows) + r);
                var odd = TElement.Load(panel, ((c + 1) * PanelRows) + r);
                a0 = TLanes.MultiplyAdd(even, TLanes.Create(x0[c]), a0);
                b0 = TLanes.MultiplyAdd(odd, TLanes.Create(x0[c + 1]), b0);
                if (sizeof(TTokens) > 1)
                {
                    a1 = TLanes.MultiplyAdd(even, TLanes.Create(x1[c]), a1);
                    b1 = TLanes.MultiplyAdd(odd, TLanes.Create(x1[c + 1]), b1);
                }

                if (sizeof(TTokens) > 2)
                {
                    a2 = TLanes.MultiplyAdd(even, TLanes.Create(x2[c]), a2);
                    b2 = TLanes.MultiplyAdd(odd, TLanes.Create(x2[c + 1]), b2);
                    a3 = TLanes.MultiplyAdd(even, TLanes.Create(x3[c]), a3);
                    b3 = TLanes.MultiplyAdd(odd, TLanes.Create(x3[c + 1]), b3);
                }
            }

            if (c < columns)
            {
                var even = TElement.Load(panel, (c * PanelRows) + r);
                a0 = TLanes.MultiplyAdd(even, TLanes.Create(x0[c]), a0);
                if (sizeof(TTokens) > 1)
                    a1 = TLanes.MultiplyAdd(even, TLanes.Create(x1[c]), a1);
                if (sizeof(TTokens) > 2)
                {
                    a2 = TLanes.MultiplyAdd(even, TLanes.Create(x2[c]), a2);
                    a3 = TLanes.MultiplyAdd(even, TLanes.Create(x3[c]), a3);
                }
            }

            TLanes.Store(a0 + b0, output + r);
            if (sizeof(TTokens) > 1)
                TLanes.Store(a1 + b1, output + PanelRows + r);
            if (sizeof(TTokens) > 2)
            {
                TLanes.Store(a2 + b2, output + (2 * PanelRows) + r);
                TLanes.Store(a3 + b3, output + (3 * PanelRows) + r);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Row(byte* activations, nint stride, int* rows, int token) =>
        sizeof(TTokens) > token ? (float*)(activations + (rows[token] * stride)) : null;
}
