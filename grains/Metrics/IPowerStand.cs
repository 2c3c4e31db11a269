using Crescent.Grains.Contracts.Power;

namespace Crescent.Grains.Metrics;

/// <summary>The levels of the factory that have a power budget, as the governor last told this silo; for display.</summary>
public interface IPowerStand
{
    /// <summary>None where there are no budgets, or nothing was heard of a governor for so long that devices have fallen back.</summary>
    IReadOnlyList<PowerLevelSnapshot> Levels { get; }
}
