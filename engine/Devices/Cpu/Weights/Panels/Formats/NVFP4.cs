using System.Runtime.CompilerServices;
using Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Formats;

/// <summary>
/// NVFP4: blocks of codes of 0 to 15, then 16 scales for each half as IEEE halves, which hold those of eight bits exactly: 640 bytes for 16 x 18 in the file. The number of a
/// code is its doubled value + 12, as in <see cref="MXFP4"/>.
/// </summary>
internal readonly unsafe struct NVFP4 : IPanelFormat
{
    public static int SourceBytes => 36;

    public static int Blocks => 2;

    public static int HeaderBytes => 0;

    public static int BlockBytes => FourBits.Bytes + (2 * PanelLayout.HalfBytes);

    public static int Largest => 24;

    public static bool Halves => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Numbers<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> =>
        TLanes.LookUp(TLanes.Table(Levels.ShiftedCodes), FourBits.Get<TLanes>(block, row, half, group));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Scales<TLanes>(byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.Halves<TLanes>(block + FourBits.Bytes + (half * PanelLayout.HalfBytes), row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Minima<TLanes>(TLanes scales, byte* header, byte* block, int row, int half)
        where TLanes : unmanaged, ILanes<TLanes> =>
        scales * TLanes.Create(-12f);

    public static void Pack(byte* source, byte* panel, int row)
    {
        // A group of 16 values is half of a block.
        Span<byte> codes = stackalloc byte[PanelLayout.BlockColumns];
        for (var b = 0; b < Blocks; b++)
        {
            var block = panel + (b * BlockBytes);
            for (var half = 0; half < 2; half++)
            {
                var group = (2 * b) + half;
                for (var c = 0; c < 8; c++)
                {
                    var packed = source[4 + (8 * group) + c];
                    (codes[(16 * half) + c], codes[(16 * half) + 8 + c]) = ((byte)(packed & 15), (byte)(packed >> 4));
                }

                var scale = (Half)(NonLinearBlocks.EightBitScale(source[group]) / 2);
                ((ushort*)(block + FourBits.Bytes + (half * PanelLayout.HalfBytes)))[row] = BitConverter.HalfToUInt16Bits(scale);
            }

            FourBits.Put(codes, block, row);
        }
    }
}
