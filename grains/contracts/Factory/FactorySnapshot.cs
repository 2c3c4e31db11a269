using Crescent.Grains.Contracts.Power;

namespace Crescent.Grains.Contracts.Factory;

/// <summary>The factory as one silo sees it.</summary>
/// <param name="ClusterId">The run of the cluster.</param>
/// <param name="Model">The model it serves.</param>
/// <param name="Policy">The placement policy in force.</param>
/// <param name="Silos">Members.</param>
/// <param name="Devices">Devices of all members.</param>
[GenerateSerializer, Immutable, Alias("Crescent.FactorySnapshot")]
public sealed record FactorySnapshot(
    [property: Id(0)] string ClusterId,
    [property: Id(1)] string Model,
    [property: Id(2)] string Policy,
    [property: Id(3)] IReadOnlyList<SiloSnapshot> Silos,
    [property: Id(4)] IReadOnlyList<DeviceSnapshot> Devices)
{
    /// <summary>Power budgets and caps, without the events; null from a silo that does not tell.</summary>
    [Id(5)] public PowerSnapshot? Power { get; init; }

    /// <summary>What tenants have used at the front end that answers.</summary>
    [Id(6)] public IReadOnlyList<AccountSnapshot> Tenants { get; init; } = [];

    /// <summary>The same of agent tasks.</summary>
    [Id(7)] public IReadOnlyList<AccountSnapshot> Tasks { get; init; } = [];
}
