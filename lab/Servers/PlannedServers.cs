using Crescent.Control.Planning;

namespace Crescent.Lab.Servers;

/// <summary>What the planner of a cluster says, by the class that a cluster runs.</summary>
/// <param name="bounds">What it keeps to.</param>
public sealed class PlannedServers(PlannerBounds bounds) : IServerCount
{
    private readonly ReplicaPlanner _planner = new(bounds);

    public int First(int all) => Math.Min(all, bounds.Most);

    public int Wanted(in PlannerView view)
    {
        var plan = _planner.Plan(view);
        _planner.Applied(plan.Replicas);
        return plan.Replicas;
    }
}
