using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// IQ1_S: a header of 16 scales as floats; blocks of numbers of 0 to 2, then 16 whole scales and 16 minima in eighths, -7 or -9, as bytes. A weight is scale * (number + minimum).
/// </summary>
internal readonly unsafe struct IQ1_S : IPanelFormat
{
    public static int SourceBytes => 50;

    public static int Blocks => 8;

    public static int HeaderBytes => PanelLayout.FloatBytes;

    public static int BlockBytes => TwoBits.Bytes + 32;

    public static int Largest => 2;

    public static bool Halves => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TwoBits.Get<TLanes>(block, row, half, group, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header, block + TwoBits.Bytes, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(0.125f) * TLanes.LoadBytes((sbyte*)block + TwoBits.Bytes + 16 + row);

    public static void Pack(byte* source, byte* panel, int row)
    {
        // The numbers that are read are eight times the book's -1 to 1, and one more or less.
        Span<byte> codes = stackalloc byte[SuperBlock.Columns];
        Span<byte> scales = stackalloc byte[16];
        ((float*)panel)[row] = 8 * CodeBookPack.Read(CodeBookBlocks.ReadIQ1_S, source, SourceBytes, [], 12, codes, scales);
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + HeaderBytes + (b * BlockBytes);
            var part = codes.Slice(b * PanelLayout.BlockColumns, PanelLayout.BlockColumns);
            var minimum = part[0] % 8 == 5 ? -7 : -9;
            for (var c = 0; c < part.Length; c++)
                part[c] /= 8;
            TwoBits.Put(part, block, row, 0);
            block[TwoBits.Bytes + row] = scales[2 * b];
            block[TwoBits.Bytes + 16 + row] = (byte)minimum;
        }
    }
}
