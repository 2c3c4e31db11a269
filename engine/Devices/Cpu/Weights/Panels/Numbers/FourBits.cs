using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;

/// <summary>
/// Four times (16 rows, 4 bytes), 256 bytes: group g of the first half of the columns in the low four bits, group g of the second half in the
/// high four.
/// </summary>
internal static unsafe class FourBits
{
    public const int Bytes = 4 * PanelLayout.GroupBytes;

    /// <summary>See <see cref="IPanelFormat.Numbers"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Get<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var both = PanelLayout.Load<TLanes>(block + (group * PanelLayout.GroupBytes), row);
        return (half == 0 ? both : TLanes.ShiftRightWords(both, 4)) & TLanes.CreateBytes(15);
    }

    /// <summary>Writes the low four bits of a row's 32 numbers.</summary>
    public static void Put(ReadOnlySpan<byte> numbers, byte* block, int row)
    {
        for (var c = 0; c < 16; c++)
            *PanelLayout.At(block + (c / 4 * PanelLayout.GroupBytes), row, c) = (byte)((numbers[c] & 15) | (numbers[c + 16] << 4));
    }
}
