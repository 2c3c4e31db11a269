namespace Crescent.Grains.Contracts.Factory;

/// <summary>One member of the cluster.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Where silos reach it: host and port.</param>
/// <param name="Role">What it does: <c>front</c>, <c>device</c> or <c>all</c>.</param>
/// <param name="Status">Its membership status, such as Active.</param>
[GenerateSerializer, Immutable, Alias("Crescent.SiloSnapshot")]
public sealed record SiloSnapshot(
    [property: Id(0)] string Name, [property: Id(1)] string Address, [property: Id(2)] string Role, [property: Id(3)] string Status);
