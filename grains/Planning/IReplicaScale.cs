namespace Crescent.Grains.Planning;

/// <summary>What has the device replicas, and sets their number.</summary>
public interface IReplicaScale
{
    /// <summary>What it is, such as <c>statefulset/crescent-device</c>.</summary>
    string Name { get; }

    /// <summary>Whether a silo is one of the replicas.</summary>
    bool Has(string silo);

    /// <summary>Name of the silo that goes when there is one replica less than <paramref name="replicas"/>.</summary>
    string Last(int replicas);

    /// <summary>How many there are, and what was kept.</summary>
    /// <exception cref="ReplicaScaleException">It could not be read.</exception>
    Task<ReplicaScaleState> Read(CancellationToken cancellationToken);

    /// <summary>Asks for another number, unless somebody has changed it since <paramref name="read"/>.</summary>
    /// <exception cref="ReplicaScaleException">Somebody has, or it could not be done.</exception>
    Task Set(int replicas, ReplicaScaleState read, CancellationToken cancellationToken);

    /// <summary>Keeps, where the next planner finds it, which number was set and which silo is being emptied (null for none).</summary>
    /// <exception cref="ReplicaScaleException">It could not be done.</exception>
    Task Keep(int? planned, string? leaving, CancellationToken cancellationToken);

    /// <summary>Tells people what is done.</summary>
    /// <exception cref="ReplicaScaleException">It could not be done.</exception>
    Task Tell(string what, CancellationToken cancellationToken);
}
