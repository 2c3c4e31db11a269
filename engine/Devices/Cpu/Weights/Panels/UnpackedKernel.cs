using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// An unpacked panel times some tokens, in two turns: first the whole products of a few blocks, which need all registers there are, then their
/// scales. Both add up as <see cref="PanelKernel{TLanes, TFormat, TDot, TTokens}"/> does, to the same bits.
/// </summary>
internal static unsafe class UnpackedKernel<TLanes, TDot, TTokens>
    where TLanes : unmanaged, ILanes<TLanes>
    where TDot : IPanelDot<TLanes>
    where TTokens : unmanaged
{
    private const int PanelRows = WeightMatrix.PanelRows;

    // Blocks whose sums wait, in the first-level cache, for their scales.
    private const int Turn = 8;

    private static int Tokens
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => sizeof(TTokens);
    }

    private static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ActivationRows.GroupBytes(TDot.Activations);
    }

    private static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (8 * GroupBytes) + ActivationRows.ScaleBytes;
    }

    /// <summary>output (16, tokens) = panel times the activations of each token.</summary>
    /// <param name="panel">Weights.</param>
    /// <param name="activations">Rows in the format of the products.</param>
    /// <param name="stride">Bytes from one row to the next.</param>
    /// <param name="rows">(tokens): the row of each token.</param>
    /// <param name="output">(16, tokens).</param>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(in UnpackedPanel panel, byte* activations, nint stride, int* rows, float* output)
    {
        var sums = stackalloc float[Turn * 2 * Tokens * PanelRows];
        new Span<float>(output, Tokens * PanelRows).Clear();
        var numbers = panel.Numbers;
        var scales = panel.Scales;
        for (var done = 0; done < panel.Blocks; done += Turn)
        {
            var blocks = Math.Min(Turn, panel.Blocks - done);
            for (var r = 0; r < PanelRows; r += TLanes.Count)
            {
                Multiply(numbers + (4 * r), blocks, panel.Parts, activations, stride, rows, sums);
                Scale(scales + r, blocks, panel.Parts, activations, stride, rows, sums, output + r);
            }

            numbers += blocks * UnpackedPanel.BlockBytes;
            scales += blocks * panel.Parts * UnpackedPanel.PartFloats;
            activations += blocks * BlockBytes;
        }
    }

    /// <summary>sums (lanes, tokens, parts, blocks) = whole products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(byte* numbers, int blocks, int parts, byte* activations, nint stride, int* rows, float* sums)
    {
        byte* x0 = Row(activations, stride, rows, 0), x1 = Row(activations, stride, rows, 1);
        byte* x2 = Row(activations, stride, rows, 2), x3 = Row(activations, stride, rows, 3);
        byte* x4 = Row(activations, stride, rows, 4), x5 = Row(activations, stride, rows, 5);
        byte* x6 = Row(activations, stride, rows, 6), x7 = Row(activations, stride, rows, 7);
        var groups = 8 / parts;
        nint at = 0;
        for (var block = 0; block < blocks; block++, at += ActivationRows.ScaleBytes)
        {
            for (var part = 0; part < parts; part++)
            {
                TLanes s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
                TLanes s4 = TLanes.Zero, s5 = TLanes.Zero, s6 = TLanes.Zero, s7 = TLanes.Zero;
                var first = at;
                for (var g = 0; g < groups; g++, numbers += PanelLayout.GroupBytes, at += GroupBytes)
                {
                    var w = TLanes.Load((float*)numbers);
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

                TLanes.Store(TDot.Total(s0, x0 + first, groups), sums + (0 * TLanes.Count));
                if (sizeof(TTokens) > 1)
                    TLanes.Store(TDot.Total(s1, x1 + first, groups), sums + (1 * TLanes.Count));
                if (sizeof(TTokens) > 2)
                    TLanes.Store(TDot.Total(s2, x2 + first, groups), sums + (2 * TLanes.Count));
                if (sizeof(TTokens) > 3)
                    TLanes.Store(TDot.Total(s3, x3 + first, groups), sums + (3 * TLanes.Count));
                if (sizeof(TTokens) > 4)
                    TLanes.Store(TDot.Total(s4, x4 + first, groups), sums + (4 * TLanes.Count));
                if (sizeof(TTokens) > 5)
                    TLanes.Store(TDot.Total(s5, x5 + first, groups), sums + (5 * TLanes.Count));
                if (sizeof(TTokens) > 6)
                    TLanes.Store(TDot.Total(s6, x6 + first, groups), sums + (6 * TLanes.Count));
                if (sizeof(TTokens) > 7)
                    TLanes.Store(TDot.Total(s7, x7 + first, groups), sums + (7 * TLanes.Count));
                sums += Tokens * TLanes.Count;
            }
        }
    }

    /// <summary>Adds the sums, scaled, and the minima to output (16, tokens).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scale(float* scales, int blocks, int parts, byte* activations, nint stride, int* rows, float* sums, float* output)
    {
        for (var token = 0; token < Tokens; token++, sums += TLanes.Count, output += PanelRows)
        {
            var f = TLanes.Load(output);
            var scale = scales;
            var sum = sums;
            var a = (float*)(activations + (rows[token] * stride) + (8 * GroupBytes));
            for (var block = 0; block < blocks; block++, a = (float*)((byte*)a + BlockBytes))
            {
                for (var part = 0; part < parts; part++, scale += UnpackedPanel.PartFloats, sum += Tokens * TLanes.Count)
                {
                    var total = TLanes.ToSingle(TLanes.Load(sum));
                    f = TLanes.MultiplyAdd(total, TLanes.Load(scale) * TLanes.Create(a[0]), f);
                    f = TLanes.MultiplyAdd(TLanes.Load(scale + PanelRows), TLanes.Create(a[parts == 1 ? 1 : 2 + part]), f);
                }
            }

            TLanes.Store(f, output);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Row(byte* activations, nint stride, int* rows, int token) =>
        sizeof(TTokens) > token ? activations + (rows[token] * stride) : null;
}
