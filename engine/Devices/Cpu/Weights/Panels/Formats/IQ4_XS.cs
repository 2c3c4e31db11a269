using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// IQ4_XS: a header of 16 scales as floats; blocks of codes of 0 to 15, then 16 whole scales as bytes: 2,240 bytes for 16 x 136 in the file. The
/// number of a code is its level + 128.
/// </summary>
internal readonly unsafe struct IQ4_XS : IPanelFormat
{
    public static int SourceBytes => 136;

    public static int Blocks => 8;

    public static int HeaderBytes => PanelLayout.FloatBytes;

    public static int BlockBytes => FourBits.Bytes + 16;

    public static int Largest => 255;

    public static bool Halves => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.LookUp(TLanes.Table(Levels.Shifted), FourBits.Get<TLanes>(block, row, half, group));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header, block + FourBits.Bytes, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-128f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> codes = stackalloc byte[PanelLayout.BlockColumns];
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + HeaderBytes + (b * BlockBytes);
            SmallBlock.Nibbles(source + 8 + (16 * b), codes);
            FourBits.Put(codes, block, row);
            var low = (source[4 + (b / 2)] >> (4 * (b % 2))) & 15;
            var high = (*(ushort*)(source + 2) >> (2 * b)) & 3;
            block[FourBits.Bytes + row] = (byte)((low | (high << 4)) - 32);
        }

        ((float*)panel)[row] = PanelLayout.Single(source + 0);
    }
}
