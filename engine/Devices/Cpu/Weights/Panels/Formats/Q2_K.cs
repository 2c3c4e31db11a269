using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// Q2_K: a header of 16 scales and 16 minima, negated, as floats; blocks of numbers of 0 to 3, then for each half 16 whole scales and for each half
/// 16 whole minima as bytes: 1,664 bytes for 16 x 84 in the file.
/// </summary>
internal readonly unsafe struct Q2_K : IPanelFormat
{
    public static int SourceBytes => 84;

    public static int Blocks => 8;

    public static int HeaderBytes => 2 * PanelLayout.FloatBytes;

    public static int BlockBytes => TwoBits.Bytes + 64;

    public static int Largest => 3;

    public static bool Halves => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TwoBits.Get<TLanes>(block, row, half, group, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header, block + TwoBits.Bytes + (16 * half), row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header + PanelLayout.FloatBytes, block + TwoBits.Bytes + 32 + (16 * half), row);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> numbers = stackalloc byte[SuperBlock.Columns];
        SuperBlock.TwoBits(source + 16, numbers);
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + HeaderBytes + (b * BlockBytes);
            var part = numbers.Slice(b * PanelLayout.BlockColumns, PanelLayout.BlockColumns);
            TwoBits.Put(part, block, row, 0);
            var scales = block + TwoBits.Bytes;
            (scales[row], scales[32 + row]) = ((byte)(source[2 * b] & 15), (byte)(source[2 * b] >> 4));
            (scales[16 + row], scales[48 + row]) = ((byte)(source[(2 * b) + 1] & 15), (byte)(source[(2 * b) + 1] >> 4));
        }

        ((float*)panel)[row] = PanelLayout.Single(source + 80);
        ((float*)(panel + PanelLayout.FloatBytes))[row] = -PanelLayout.Single(source + 82);
    }
}
