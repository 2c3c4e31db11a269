using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// Q3_K: a header of 16 scales as floats; blocks of two bits and a third of numbers of 0 to 7, then 16 whole scales as bytes for each half: 1,856
/// bytes for 16 x 110 in the file. A weight is scale * (number - 4).
/// </summary>
internal readonly unsafe struct Q3_K : IPanelFormat
{
    public static int SourceBytes => 110;

    public static int Blocks => 8;

    public static int HeaderBytes => PanelLayout.FloatBytes;

    public static int BlockBytes => TwoBits.Bytes + OneBit.Bytes + 32;

    public static int Largest => 7;

    public static bool Halves => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TwoBits.Get<TLanes>(block, row, half, group, 0) | OneBit.Get<TLanes>(block + TwoBits.Bytes, row, half, group, 2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header, block + TwoBits.Bytes + OneBit.Bytes + (16 * half), row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-4f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> numbers = stackalloc byte[SuperBlock.Columns];
        SuperBlock.TwoBits(source + 32, numbers);
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + HeaderBytes + (b * BlockBytes);
            var part = numbers.Slice(b * PanelLayout.BlockColumns, PanelLayout.BlockColumns);
            for (var c = 0; c < part.Length; c++)
                part[c] |= (byte)(((source[c] >> b) & 1) << 2);
            TwoBits.Put(part, block, row, 0);
            OneBit.Put(part, block + TwoBits.Bytes, row, 2);
            var scales = block + TwoBits.Bytes + OneBit.Bytes;
            scales[row] = SuperBlock.SixBitScale(source + 96, 2 * b);
            scales[16 + row] = SuperBlock.SixBitScale(source + 96, (2 * b) + 1);
        }

        ((float*)panel)[row] = PanelLayout.Single(source + 108);
    }
}
