using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Weights.Panels;

/// <summary>
/// Exact products of a panel's numbers with those of activations, one row in a lane. Whatever instructions it takes, the totals are the
/// same.
/// </summary>
/// <typeparam name="TLanes">Instruction set.</typeparam>
internal unsafe interface IPanelDot<TLanes>
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>What it takes for activations.</summary>
    static abstract ActivationFormat Activations { get; }

    /// <summary>Adds the products of a group: four numbers of each row with the activations that start at <paramref name="activations"/>.</summary>
    static abstract TLanes Add(TLanes sum, TLanes numbers, byte* activations);

    /// <summary>Running sums that began as zeros, as integers.</summary>
    /// <param name="sum">Over <paramref name="groups"/> groups.</param>
    /// <param name="activations">The first of these groups' activations.</param>
    /// <param name="groups">4 or 8.</param>
    static abstract TLanes Total(TLanes sum, byte* activations, int groups);
}
