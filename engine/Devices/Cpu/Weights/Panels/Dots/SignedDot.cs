using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Dots;

/// <summary>Numbers up to 127 by ARM's product of signed bytes.</summary>
internal readonly unsafe struct SignedDot<TLanes> : IPanelDot<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static ActivationFormat Activations => ActivationFormat.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add(TLanes sum, TLanes numbers, byte* activations) =>
        TLanes.AddSignedProducts(sum, numbers, TLanes.Broadcast(activations));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Total(TLanes sum, byte* activations, int groups) => sum;
}

/// <summary>Any numbers by ARM's product of signed bytes: they are taken 128 lower, and 128 times the activations' sum is made good.</summary>
internal readonly unsafe struct ShiftedSignedDot<TLanes> : IPanelDot<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static ActivationFormat Activations => ActivationFormat.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add(TLanes sum, TLanes numbers, byte* activations) =>
        TLanes.AddSignedProducts(sum, numbers ^ TLanes.CreateBytes(0x80), TLanes.Broadcast(activations));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Total(TLanes sum, byte* activations, int groups)
    {
        var half = TLanes.CreateBytes(64);
        for (var g = 0; g < groups; g++, activations += 4)
        {
            var a = TLanes.Broadcast(activations);
            sum = TLanes.AddSignedProducts(TLanes.AddSignedProducts(sum, half, a), half, a);
        }

        return sum;
    }
}
