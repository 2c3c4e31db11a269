namespace Crescent.Control.Planning;

/// <summary>What a <see cref="ReplicaPlanner"/> makes of what it sees.</summary>
public sealed record ReplicaPlan
{
    /// <summary>Replicas that there should be from now on; those that are asked for where nothing is to change.</summary>
    public required int Replicas { get; init; }

    /// <summary>Replicas that the load needs now.</summary>
    public required int Needed { get; init; }

    /// <summary>Replicas that it will need when one that is asked for now serves.</summary>
    public required int Expected { get; init; }

    /// <summary>How busy those that there are would be with the load that is expected: 1 where the promise is just kept.</summary>
    public required double Utilisation { get; init; }

    /// <summary>What <see cref="Replicas"/> would draw with it, with their servers, W.</summary>
    public required double Watts { get; init; }

    /// <summary>The load that is expected.</summary>
    public required FleetLoad Load { get; init; }

    /// <summary>Why, in a sentence.</summary>
    public required string Why { get; init; }
}
