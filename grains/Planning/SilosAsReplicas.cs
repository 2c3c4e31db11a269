using Crescent.Grains.Placement;

namespace Crescent.Grains.Planning;

/// <summary>Where nothing sets the number of replicas: every silo with devices is one, and none can be asked for.</summary>
internal sealed class SilosAsReplicas(PlacementLedger ledger) : IReplicaScale
{
    public string Name => "silos";

    public bool Has(string silo) => true;

    public string Last(int replicas) => "";

    public Task<ReplicaScaleState> Read(CancellationToken cancellationToken)
    {
        var silos = ledger.Snapshot().GroupBy(static d => d.SiloName).ToList();
        return Task.FromResult(new ReplicaScaleState(silos.Count, silos.Count(static silo => silo.Any(static d => d.State is { Draining: false, Reachable: true }))));
    }

    public Task Set(int replicas, ReplicaScaleState read, CancellationToken cancellationToken) => throw Unable();

    public Task Keep(int? planned, string? leaving, CancellationToken cancellationToken) => throw Unable();

    public Task Tell(string what, CancellationToken cancellationToken) => Task.CompletedTask;

    private static ReplicaScaleException Unable() => new($"Nothing sets the number of silos here; {PlannerOptions.Section}:Set names the StatefulSet that does.");
}
