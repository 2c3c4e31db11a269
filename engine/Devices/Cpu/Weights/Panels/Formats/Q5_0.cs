using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// Q5_0: four bits and a fifth of numbers of 0 to 31, then 16 scales: 352 bytes for 16 x 22 in the file. A weight is
/// scale * (number - 16).
/// </summary>
internal readonly unsafe struct Q5_0 : IPanelFormat
{
    public static int SourceBytes => 22;

    public static int Blocks => 1;

    public static int HeaderBytes => 0;

    public static int BlockBytes => FourBits.Bytes + OneBit.Bytes + PanelLayout.HalfBytes;

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
        scales * TLanes.Create(-16f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> numbers = stackalloc byte[PanelLayout.BlockColumns];
        SmallBlock.Nibbles(source + 6, numbers);
        SmallBlock.AddFifthBits(*(uint*)(source + 2), numbers);
        FourBits.Put(numbers, panel, row);
        OneBit.Put(numbers, panel + FourBits.Bytes, row, 4);
        ((ushort*)(panel + FourBits.Bytes + OneBit.Bytes))[row] = *(ushort*)source;
    }
}
