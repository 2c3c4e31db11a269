using System.Runtime.CompilerServices;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>32-bit floats.</summary>
internal readonly unsafe struct SingleElement<TLanes> : IRowElement<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static int Size => 4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load(byte* row, int index) => TLanes.Load((float*)row + index);
}

/// <summary>IEEE halves.</summary>
internal readonly unsafe struct HalfElement<TLanes> : IRowElement<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static int Size => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load(byte* row, int index) => TLanes.LoadHalf((ushort*)row + index) * TLanes.Create(HalfBits.Scale);
}

/// <summary>Brain floats: the upper half of a 32-bit float.</summary>
internal readonly unsafe struct BrainElement<TLanes> : IRowElement<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    public static int Size => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load(byte* row, int index) => TLanes.LoadBrain((ushort*)row + index);
}
