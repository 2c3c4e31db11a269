using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// Q5_K: a header of 16 scales and 16 minima, negated, as floats; blocks of four bits and a fifth of numbers of 0 to 31, then 16 whole scales
/// and 16 whole minima as bytes: 2,944 bytes for 16 x 176 in the file.
/// </summary>
internal readonly unsafe struct Q5_K : IPanelFormat
{
    public static int SourceBytes => 176;

    public static int Blocks => 8;

    public static int HeaderBytes => 2 * PanelLayout.FloatBytes;

    public static int BlockBytes => FourBits.Bytes + OneBit.Bytes + 32;

    public static int Largest => 31;

    public static bool Halves => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        FourBits.Get<TLanes>(block, row, half, group) | OneBit.Get<TLanes>(block + FourBits.Bytes, row, half, group, 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header, block + FourBits.Bytes + OneBit.Bytes, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header + PanelLayout.FloatBytes, block + FourBits.Bytes + OneBit.Bytes + 16, row);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> numbers = stackalloc byte[SuperBlock.Columns];
        SuperBlock.Nibbles(source + 48, numbers);
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + HeaderBytes + (b * BlockBytes);
            var part = numbers.Slice(b * PanelLayout.BlockColumns, PanelLayout.BlockColumns);
            for (var c = 0; c < part.Length; c++)
                part[c] |= (byte)(((source[16 + c] >> b) & 1) << 4);
            FourBits.Put(part, block, row);
            OneBit.Put(part, block + FourBits.Bytes, row, 4);
            var scales = block + FourBits.Bytes + OneBit.Bytes;
            (scales[row], scales[16 + row]) = SuperBlock.ScaleAndMinimum(source + 4, b);
        }

        ((float*)panel)[row] = PanelLayout.Single(source + 0);
        ((float*)(panel + PanelLayout.FloatBytes))[row] = -PanelLayout.Single(source + 2);
    }
}
