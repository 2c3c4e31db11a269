using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Numbers;

/// <summary>Eight groups of (16 rows, 4 bytes): 512 bytes.</summary>
internal static unsafe class EightBits
{
    public const int Bytes = 8 * PanelLayout.GroupBytes;

    /// <summary>See <see cref="IPanelFormat.Numbers"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Get<TLanes>(byte* block, int row, int half, int group)
        where TLanes : unmanaged, ILanes<TLanes> => PanelLayout.Load<TLanes>(block + (((4 * half) + group) * PanelLayout.GroupBytes), row);

    /// <summary>Writes a row's 32 numbers.</summary>
    public static void Put(ReadOnlySpan<byte> numbers, byte* block, int row)
    {
        for (var c = 0; c < numbers.Length; c++)
            *PanelLayout.At(block + (c / 4 * PanelLayout.GroupBytes), row, c) = numbers[c];
    }
}
