using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// Q5_1: four bits and a fifth of numbers of 0 to 31, then 16 scales and 16 minima: 384 bytes for 16 x 24 in the file.
/// </summary>
internal readonly unsafe struct Q5_1 : IPanelFormat
{
    public static int SourceBytes => 24;

    public static int Blocks => 1;

    public static int HeaderBytes => 0;

    public static int BlockBytes => FourBits.Bytes + OneBit.Bytes + (2 * PanelLayout.HalfBytes);

    public static int Largest => 31;

    public static bool Halves => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        FourBits.Get<TLanes>(block, row, half, group) | OneBit.Get<TLanes>(block + FourBits.Bytes, row, half, group, 4);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.Halves<TLanes>(block + FourBits.Bytes + OneBit.Bytes, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.Halves<TLanes>(block + FourBits.Bytes + OneBit.Bytes + PanelLayout.HalfBytes, row);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> numbers = stackalloc byte[PanelLayout.BlockColumns];
        SmallBlock.Nibbles(source + 8, numbers);
        SmallBlock.AddFifthBits(*(uint*)(source + 4), numbers);
        FourBits.Put(numbers, panel, row);
        OneBit.Put(numbers, panel + FourBits.Bytes, row, 4);
        ((ushort*)(panel + FourBits.Bytes + OneBit.Bytes))[row] = ((ushort*)source)[0];
        ((ushort*)(panel + FourBits.Bytes + OneBit.Bytes + PanelLayout.HalfBytes))[row] = ((ushort*)source)[1];
    }
}
