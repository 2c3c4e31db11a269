using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>Integer dot products of as many rows of a panel as there are lanes.</summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
/// <typeparam name="TWeights">Weights of one group.</typeparam>
/// <typeparam name="TSum">Running sums; all zero to begin with.</typeparam>
internal unsafe interface IPanelDot<TLanes, TWeights, TSum>
    where TLanes : unmanaged, ILanes<TLanes>
    where TWeights : unmanaged
    where TSum : unmanaged
{
    /// <summary>Loads the rows' bytes of a group.</summary>
    static abstract TWeights Load(byte* group);

    /// <summary>Adds the products with a group's activations, which start at <paramref name="activations"/>.</summary>
    static abstract TSum Add(TSum sum, TWeights weights, byte* activations);

    /// <summary>The rows' sums of a block, plus <paramref name="correction"/>, as floats.</summary>
    static abstract TLanes Total(TSum sum, int correction);
}
