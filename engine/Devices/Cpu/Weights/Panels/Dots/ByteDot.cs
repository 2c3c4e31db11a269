using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Dots;

/// <summary>Any numbers, by the one instruction there is for four products of bytes (AVX-VNNI).</summary>
internal readonly unsafe struct ByteDot<TLanes> : IPanelDot<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static ActivationFormat Activations => ActivationFormat.Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add(TLanes sum, TLanes numbers, byte* activations) =>
        TLanes.AddByteProducts(sum, numbers, TLanes.Broadcast(activations));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Total(TLanes sum, byte* activations, int groups) => sum;
}
