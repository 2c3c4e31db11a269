using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Dots;

/// <summary>
/// Numbers up to 15: products added in pairs stay so small that the eight sums of a block (at most 8 * 2 * 15 * 127 = 30,480) fit 16 bits;
/// only then are the two halves of a row added up.
/// </summary>
internal readonly unsafe struct PairDot<TLanes> : IPanelDot<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static ActivationFormat Activations => ActivationFormat.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add(TLanes sum, TLanes numbers, byte* activations) =>
        TLanes.AddWords(sum, TLanes.MultiplyBytes(numbers, TLanes.Broadcast(activations)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Total(TLanes sum, byte* activations, int groups) => TLanes.MultiplyWords(sum, TLanes.CreateWords(1));
}

/// <summary>For which numbers there is a <see cref="PairDot{TLanes}"/>.</summary>
internal static class PairDot
{
    public const int Largest = 15;
}
