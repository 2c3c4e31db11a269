using Orleans.Concurrency;

namespace Crescent.Grains.Contracts.Planning;

/// <summary>Sizes the device replicas of the factory, key 0: one in the cluster, in a front end. Each front end nudges it, so that it comes back elsewhere when its silo dies.</summary>
[Alias("Crescent.IPlannerGrain")]
public interface IPlannerGrain : IGrainWithIntegerKey
{
    /// <summary>Wakes it.</summary>
    [Alias("Nudge"), OneWay]
    Task Nudge();

    /// <summary>What it last made of what it saw.</summary>
    [Alias("GetPlan"), ResponseTimeout("00:00:05")]
    Task<PlannerSnapshot> GetPlan();
}
