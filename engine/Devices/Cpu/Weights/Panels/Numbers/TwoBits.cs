using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;

/// <summary>Twice (16 rows, 4 bytes), 128 bytes, one for each half of the columns: the half's group g in bits 2 g and 2 g + 1.</summary>
internal static unsafe class TwoBits
{
    public const int Bytes = 2 * PanelLayout.GroupBytes;

    /// <summary>Two bits of each number in bits <paramref name="place"/> and up, the others zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Get<TLanes>(byte* block, int row, int half, int group, int place)
        where TLanes : unmanaged, ILanes<TLanes>
    {
        var all = PanelLayout.Load<TLanes>(block + (half * PanelLayout.GroupBytes), row);
        return PanelLayout.Move(all, 2 * group, place) & TLanes.CreateBytes((byte)(3 << place));
    }

    /// <summary>Writes two bits, from bit <paramref name="place"/> on, of a row's 32 numbers.</summary>
    public static void Put(ReadOnlySpan<byte> numbers, byte* block, int row, int place)
    {
        for (var c = 0; c < numbers.Length; c++)
        {
            var target = PanelLayout.At(block + (c / 16 * PanelLayout.GroupBytes), row, c);
            *target |= (byte)(((numbers[c] >> place) & 3) << (2 * (c / 4 % 4)));
        }
    }
}
