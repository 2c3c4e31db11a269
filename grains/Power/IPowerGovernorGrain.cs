using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Telemetry;
using Orleans.Concurrency;

namespace Crescent.Grains.Power;

/// <summary>
/// Keeps the factory's power budgets, key 0: one in the cluster, in a front end where there is one. Each silo nudges it when it has not heard of it for a
/// moment, so that it comes back elsewhere when its silo dies.
/// </summary>
[Alias("Crescent.IPowerGovernorGrain")]
public interface IPowerGovernorGrain : IGrainWithIntegerKey
{
    /// <summary>Wakes it.</summary>
    [Alias("Nudge"), OneWay]
    Task Nudge();

    /// <summary>Replaces all budgets, which were checked before; when it returns, another silo knows them too, if there is one.</summary>
    [Alias("SetBudgets"), ResponseTimeout("00:00:05")]
    Task<BudgetBook> SetBudgets(PowerBudgetSettings budgets);
}
