using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// Q8_0: 8 groups, each number + 128, then 16 scales: 544 bytes for 16 x 34 in the file.
/// </summary>
internal readonly unsafe struct Q8_0 : IPanelFormat
{
    public static int SourceBytes => 34;

    public static int Blocks => 1;

    public static int HeaderBytes => 0;

    public static int BlockBytes => EightBits.Bytes + PanelLayout.HalfBytes;

    public static int Largest => 255;

    public static bool Halves => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        EightBits.Get<TLanes>(block, row, half, group);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.Halves<TLanes>(block + EightBits.Bytes, row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-128f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> numbers = stackalloc byte[PanelLayout.BlockColumns];
        for (var c = 0; c < numbers.Length; c++)
            numbers[c] = (byte)(source[2 + c] ^ 0x80);
        EightBits.Put(numbers, panel, row);
        ((ushort*)(panel + EightBits.Bytes))[row] = *(ushort*)source;
    }
}
