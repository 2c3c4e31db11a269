using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// MXFP4: codes of 0 to 15, then 16 scales as bfloat16, which holds powers of two exactly: 288 bytes for 16 x 17 in the file. The number of a code is its
/// doubled value + 12.
/// </summary>
internal readonly unsafe struct MXFP4 : IPanelFormat
{
    public static int SourceBytes => 17;

    public static int Blocks => 1;

    public static int HeaderBytes => 0;

    public static int BlockBytes => FourBits.Bytes + PanelLayout.HalfBytes;

    public static int Largest => 24;

    public static bool Halves => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.LookUp(TLanes.Table(Levels.ShiftedCodes), FourBits.Get<TLanes>(block, row, half, group));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.LoadBrain((ushort*)(block + FourBits.Bytes) + row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-12f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> codes = stackalloc byte[PanelLayout.BlockColumns];
        SmallBlock.Nibbles(source + 1, codes);
        FourBits.Put(codes, panel, row);

        // Codes are doubled, so scales are halved.
        var scale = BitConverter.SingleToUInt32Bits(MathF.ScaleB(1, *source - 128));
        ((ushort*)(panel + FourBits.Bytes))[row] = (ushort)(scale >> 16);
    }
}
