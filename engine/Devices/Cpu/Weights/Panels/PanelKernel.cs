using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// A panel of 16 rows times a few tokens. A block's products are added as integers, exactly, and the blocks' totals as floats in order: the
/// same bits however many tokens a call takes, and with every instruction set.
/// </summary>
internal static unsafe class PanelKernel<TLanes, TFormat, TDot, TTokens>
    where TLanes : unmanaged, ILanes<TLanes>
    where TFormat : IPanelFormat
    where TDot : IPanelDot<TLanes>
    where TTokens : unmanaged
{
    private const int PanelRows = WeightMatrix.PanelRows;

    // How far ahead of the arithmetic weights are called for, where the memory does not see it coming because of the many tokens between.
    private const int PrefetchBytes = 4096;

    /// <summary>output (16, tokens) = panel times the activations of each token.</summary>
    /// <param name="panel">In the layout of the format.</param>
    /// <param name="superBlocks">In the panel.</param>
    /// <param name="activations">Rows in the format of the products.</param>
    /// <param name="stride">Bytes from one row to the next.</param>
    /// <param name="rows">(tokens): the row of each token.</param>
    /// <param name="output">(16, tokens).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(byte* panel, int superBlocks, byte* activations, nint stride, int* rows, float* output)
    {
        for (var r = 0; r < PanelRows; r += TLanes.Count)
        {
            byte* x0 = Row(activations, stride, rows, 0), x1 = Row(activations, stride, rows, 1), x2 = Row(activations, stride, rows, 2), x3 = Row(activations, stride, rows, 3);
            byte* x4 = Row(activations, stride, rows, 4), x5 = Row(activations, stride, rows, 5), x6 = Row(activations, stride, rows, 6), x7 = Row(activations, stride, rows, 7);
            TLanes f0 = TLanes.Zero, f1 = TLanes.Zero, f2 = TLanes.Zero, f3 = TLanes.Zero;
            TLanes f4 = TLanes.Zero, f5 = TLanes.Zero, f6 = TLanes.Zero, f7 = TLanes.Zero;
            var header = panel;
            for (var s = 0; s < superBlocks; s++)
            {
                var block = header + TFormat.HeaderBytes;
                for (var b = 0; b < TFormat.Blocks; b++, block += TFormat.BlockBytes)
                {
                    if (sizeof(TTokens) > 1)
                        Prefetch(block + PrefetchBytes);
                    TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
                    TLanes s4 = TLanes.Zero, s5 = TLanes.Zero, s6 = TLanes.Zero, s7 = TLanes.Zero;
                    for (var half = 0; half < 2; half++)
                    {
                        for (var g = 0; g < 4; g++)
                        {
                            var w = TFormat.Numbers<TLanes>(block, r, half, g);
                            var at = ((4 * half) + g) * GroupBytes;
                            s0 = TDot.Add(s0, w, x0 + at);
                            if (sizeof(TTokens) > 1)
                                s1 = TDot.Add(s1, w, x1 + at);
                            if (sizeof(TTokens) > 2)
                                s2 = TDot.Add(s2, w, x2 + at);
                            if (sizeof(TTokens) > 3)
                                s3 = TDot.Add(s3, w, x3 + at);
                            if (sizeof(TTokens) > 4)
                                s4 = TDot.Add(s4, w, x4 + at);
                            if (sizeof(TTokens) > 5)
                                s5 = TDot.Add(s5, w, x5 + at);
                            if (sizeof(TTokens) > 6)
                                s6 = TDot.Add(s6, w, x6 + at);
                            if (sizeof(TTokens) > 7)
                                s7 = TDot.Add(s7, w, x7 + at);
                        }

                        if (half == 0 && !TFormat.Halves)
                            continue;
                        var scales = TFormat.Scales<TLanes>(header, block, r, half);
                        var minima = TFormat.Minima(scales, header, block, r, half);
                        End(scales, minima, half, x0, ref s0, ref f0);
                        if (sizeof(TTokens) > 1)
                            End(scales, minima, half, x1, ref s1, ref f1);
                        if (sizeof(TTokens) > 2)
                            End(scales, minima, half, x2, ref s2, ref f2);
                        if (sizeof(TTokens) > 3)
                            End(scales, minima, half, x3, ref s3, ref f3);
                        if (sizeof(TTokens) > 4)
                            End(scales, minima, half, x4, ref s4, ref f4);
                        if (sizeof(TTokens) > 5)
                            End(scales, minima, half, x5, ref s5, ref f5);
                        if (sizeof(TTokens) > 6)
                            End(scales, minima, half, x6, ref s6, ref f6);
                        if (sizeof(TTokens) > 7)
                            End(scales, minima, half, x7, ref s7, ref f7);
                    }

                    x0 += ActivationBytes;
                    if (sizeof(TTokens) > 1)
                        x1 += ActivationBytes;
                    if (sizeof(TTokens) > 2)
                        x2 += ActivationBytes;
                    if (sizeof(TTokens) > 3)
                        x3 += ActivationBytes;
                    if (sizeof(TTokens) > 4)
                        x4 += ActivationBytes;
                    if (sizeof(TTokens) > 5)
                        x5 += ActivationBytes;
                    if (sizeof(TTokens) > 6)
                        x6 += ActivationBytes;
                    if (sizeof(TTokens) > 7)
                        x7 += ActivationBytes;
                }

                header = block;
            }

            TLanes.Store(f0, output + r);
            if (sizeof(TTokens) > 1)
                TLanes.Store(f1, output + (1 * PanelRows) + r);
            if (sizeof(TTokens) > 2)
                TLanes.Store(f2, output + (2 * PanelRows) + r);
            if (sizeof(TTokens) > 3)
                TLanes.Store(f3, output + (3 * PanelRows) + r);
            if (sizeof(TTokens) > 4)
                TLanes.Store(f4, output + (4 * PanelRows) + r);
            if (sizeof(TTokens) > 5)
                TLanes.Store(f5, output + (5 * PanelRows) + r);
            if (sizeof(TTokens) > 6)
                TLanes.Store(f6, output + (6 * PanelRows) + r);
            if (sizeof(TTokens) > 7)
                TLanes.Store(f7, output + (7 * PanelRows) + r);
        }
    }

    private static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ActivationRows.GroupBytes(TDot.Activations);
    }

    // Where the floats of a block of activations are.
    private static int ActivationScales
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 8 * GroupBytes;
    }

    private static int ActivationBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ActivationScales + ActivationRows.ScaleBytes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Row(byte* activations, nint stride, int* rows, int token) =>
        sizeof(TTokens) > token ? activations + (rows[token] * stride) : null;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(byte* block)
    {
        if (!Sse.IsSupported)
            return;
        for (var at = 0; at < TFormat.BlockBytes; at += 64)
            Sse.Prefetch0(block + at);
    }

    /// <summary>Adds the sum of half a block, or of a whole one, to a token's output.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End(TLanes scales, TLanes minima, int half, byte* x, ref TLanes sum, ref TLanes f)
    {
        var a = (float*)(x + ActivationScales);
        var total = TFormat.Halves ? TDot.Total(sum, x + (half * 4 * GroupBytes), 4) : TDot.Total(sum, x, 8);
        f = TLanes.MultiplyAdd(TLanes.ToSingle(total), scales * TLanes.Create(a[0]), f);
        f = TLanes.MultiplyAdd(minima, TLanes.Create(a[TFormat.Halves ? 2 + half : 1]), f);
        sum = TLanes.Zero;
    }
}
