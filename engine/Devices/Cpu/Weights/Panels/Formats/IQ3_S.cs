using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// IQ3_S, whose numbers are odd: a header of 16 doubled scales as floats; blocks of half of number + 15, 0 to 15, then 16 whole scales as bytes. A weight is scale * (half - 7.5).
/// </summary>
internal readonly unsafe struct IQ3_S : IPanelFormat
{
    public static int SourceBytes => 110;

    public static int Blocks => 8;

    public static int HeaderBytes => PanelLayout.FloatBytes;

    public static int BlockBytes => FourBits.Bytes + 16;

    public static int Largest => 15;

    public static bool Halves => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        FourBits.Get<TLanes>(block, row, half, group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header, block + FourBits.Bytes, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-7.5f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> codes = stackalloc byte[SuperBlock.Columns];
        Span<byte> scales = stackalloc byte[16];
        ((float*)panel)[row] = 2 * CodeBookPack.Read(CodeBookBlocks.ReadIQ3_S, source, SourceBytes, [], 15, codes, scales);
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + HeaderBytes + (b * BlockBytes);
            var part = codes.Slice(b * PanelLayout.BlockColumns, PanelLayout.BlockColumns);
            for (var c = 0; c < part.Length; c++)
                part[c] /= 2;
            FourBits.Put(part, block, row);
            block[FourBits.Bytes + row] = scales[2 * b];
        }
    }
}
