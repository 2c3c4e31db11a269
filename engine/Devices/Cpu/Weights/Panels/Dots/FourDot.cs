using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Dots;

/// <summary>Numbers up to 127: a pair (at most 2 * 127 * 127 = 32,258) fits 16 bits, and each pair of pairs is added up at once.</summary>
internal readonly unsafe struct FourDot<TLanes> : IPanelDot<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static ActivationFormat Activations => ActivationFormat.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add(TLanes sum, TLanes numbers, byte* activations)
    {
        var pairs = TLanes.MultiplyBytes(numbers, TLanes.Broadcast(activations));
        return TLanes.AddIntegers(sum, TLanes.MultiplyWords(pairs, TLanes.CreateWords(1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Total(TLanes sum, byte* activations, int groups) => sum;
}

/// <summary>For which numbers there is a <see cref="FourDot{TLanes}"/>.</summary>
internal static class FourDot
{
    public const int Largest = 127;
}
