using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// Q6_K: a header of 16 scales as floats; blocks of four bits and two more of numbers of 0 to 63, then 16 whole scales as bytes for each half:
/// 3,392 bytes for 16 x 210 in the file. A weight is scale * (number - 32).
/// </summary>
internal readonly unsafe struct Q6_K : IPanelFormat
{
    public static int SourceBytes => 210;

    public static int Blocks => 8;

    public static int HeaderBytes => PanelLayout.FloatBytes;

    public static int BlockBytes => FourBits.Bytes + TwoBits.Bytes + 32;

    public static int Largest => 63;

    public static bool Halves => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        FourBits.Get<TLanes>(block, row, half, group) | TwoBits.Get<TLanes>(block + FourBits.Bytes, row, half, group, 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header, block + FourBits.Bytes + TwoBits.Bytes + (16 * half), row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-32f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> numbers = stackalloc byte[SuperBlock.Columns];
        SuperBlock.SixBits(source, source + 128, numbers);
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + HeaderBytes + (b * BlockBytes);
            var part = numbers.Slice(b * PanelLayout.BlockColumns, PanelLayout.BlockColumns);
            FourBits.Put(part, block, row);
            TwoBits.Put(part, block + FourBits.Bytes, row, 4);
            var scales = block + FourBits.Bytes + TwoBits.Bytes;
            (scales[row], scales[16 + row]) = (source[192 + (2 * b)], source[193 + (2 * b)]);
        }

        ((float*)panel)[row] = PanelLayout.Single(source + 208);
    }
}
