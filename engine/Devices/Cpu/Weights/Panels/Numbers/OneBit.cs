using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;

/// <summary>(16 rows, 4 bytes), 64 bytes: group g in bit g.</summary>
internal static unsafe class OneBit
{
    public const int Bytes = PanelLayout.GroupBytes;

    /// <summary>One bit of each number in bit <paramref name="place"/>, the others zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Get<TLanes>(byte* block, int row, int half, int group, int place)
        where TLanes : unmanaged, ILanes<TLanes> =>
        PanelLayout.Move(PanelLayout.Load<TLanes>(block, row), (4 * half) + group, place) & TLanes.CreateBytes((byte)(1 << place));

    /// <summary>Writes bit <paramref name="place"/> of a row's 32 numbers.</summary>
    public static void Put(ReadOnlySpan<byte> numbers, byte* block, int row, int place)
    {
        for (var c = 0; c < numbers.Length; c++)
            *PanelLayout.At(block, row, c) |= (byte)(((numbers[c] >> place) & 1) << (c / 4));
    }
}
