using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights;

/// <summary>A float type that rows of weights are read in as they are stored.</summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal unsafe interface IRowElement<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Bytes of an element.</summary>
    static abstract int Size { get; }

    /// <summary>Reads a vector's worth from element <paramref name="index"/> of a row.</summary>
    static abstract TLanes Load(byte* row, int index);
}
