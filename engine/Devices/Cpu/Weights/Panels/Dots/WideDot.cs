using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels.Dots;

/// <summary>Any numbers with activations as words: even and odd bytes are widened apart and multiplied in pairs.</summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
/// <typeparam name="TPrecision">Which activations.</typeparam>
internal readonly unsafe struct WideDot<TLanes, TPrecision> : IPanelDot<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
    where TPrecision : IWidePrecision
{
    public static ActivationFormat Activations => TPrecision.Format;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Add(TLanes sum, TLanes numbers, byte* activations)
    {
        var even = TLanes.MultiplyWords(numbers & TLanes.CreateWords(0xFF), TLanes.Broadcast(activations));
        var odd = TLanes.MultiplyWords(TLanes.ShiftRightWords(numbers, 8), TLanes.Broadcast(activations + 4));
        return TLanes.AddIntegers(sum, TLanes.AddIntegers(even, odd));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Total(TLanes sum, byte* activations, int groups) => sum;
}

/// <summary>Which of the formats in words.</summary>
internal interface IWidePrecision
{
    static abstract ActivationFormat Format { get; }
}

/// <summary>Eight bits: where a processor has no fitting product of bytes.</summary>
internal readonly struct WideInt8 : IWidePrecision
{
    public static ActivationFormat Format => ActivationFormat.WideBytes;
}

/// <summary>Sixteen bits.</summary>
internal readonly struct WideInt16 : IWidePrecision
{
    public static ActivationFormat Format => ActivationFormat.Words;
}
