namespace Crescent.Control.Planning;

/// <summary>What a <see cref="ReplicaPlanner"/> sees when it looks.</summary>
public readonly record struct PlannerView
{
    /// <summary>Seconds of any clock that goes on.</summary>
    public required double Now { get; init; }

    /// <summary>Seconds since the beginning of the day.</summary>
    public double DayTime { get; init; }

    /// <summary>What is to be served.</summary>
    public required FleetLoad Load { get; init; }

    /// <summary>What a replica is; null while no device of one has been heard of.</summary>
    public required ReplicaShape? Shape { get; init; }

    /// <summary>Replicas that are asked for now.</summary>
    public required int Replicas { get; init; }

    /// <summary>Of those, replicas that serve.</summary>
    public required int Ready { get; init; }

    /// <summary>The number that a planner last set, as it is kept where the replicas are; null where none ever did.</summary>
    public int? Planned { get; init; }

    /// <summary>Most that the devices of all replicas may draw, W; infinite for no bound.</summary>
    public double BudgetWatts { get; init; }

    /// <summary>A person has said that nothing is to be planned.</summary>
    public bool IsOff { get; init; }
}
