using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// Code-book types, with a code for each value in place of an index for several: a header of 16 scales as floats; blocks of codes, three bits (two, then a third) where there
/// are at most eight and four where there are sixteen, then 16 whole scales as bytes for each part. More than in the file, but without a look into the book for each product.
/// </summary>
internal readonly unsafe struct CodeBookLevels<TLevels> : IPanelFormat
    where TLevels : ICodeBookLevels
{
    public static int SourceBytes => TLevels.SourceBytes;

    public static int Blocks => 8;

    public static int HeaderBytes => PanelLayout.FloatBytes;

    public static int BlockBytes => CodeBytes + (TLevels.Halves ? 32 : 16);

    public static int Largest => 2 * TLevels.Bias;

    public static bool Halves => TLevels.Halves;

    private static bool Four => TLevels.Count > 8;

    private static int CodeBytes => Four ? FourBits.Bytes : TwoBits.Bytes + OneBit.Bytes;

    // Constants of the program do not move.
    private static byte* Table
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(TLevels.Levels));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.LookUp(
            TLanes.Table(Table),
            Four
                ? FourBits.Get<TLanes>(block, row, half, group)
                : TwoBits.Get<TLanes>(block, row, half, group, 0) | OneBit.Get<TLanes>(block + TwoBits.Bytes, row, half, group, 2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.FloatsTimesBytes<TLanes>(header, block + CodeBytes + (TLevels.Halves ? 16 * half : 0), row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-TLevels.Bias);

    public static void Pack(byte* source, byte* panel, int row)
    {
        Span<byte> codes = stackalloc byte[SuperBlock.Columns];
        Span<byte> scales = stackalloc byte[16];
        ((float*)panel)[row] = CodeBookPack.Read(TLevels.Reader, source, SourceBytes, TLevels.Levels[..TLevels.Count], TLevels.Bias, codes, scales);
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + HeaderBytes + (b * BlockBytes);
            var part = codes.Slice(b * PanelLayout.BlockColumns, PanelLayout.BlockColumns);
            if (Four)
            {
                FourBits.Put(part, block, row);
            }
            else
            {
                TwoBits.Put(part, block, row, 0);
                OneBit.Put(part, block + TwoBits.Bytes, row, 2);
            }

            block[CodeBytes + row] = scales[2 * b];
            if (Halves)
                block[CodeBytes + 16 + row] = scales[(2 * b) + 1];
        }
    }
}
