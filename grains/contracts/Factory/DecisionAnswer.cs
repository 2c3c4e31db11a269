namespace Crescent.Grains.Contracts.Factory;

/// <summary>What the silos remember of a request's placement.</summary>
/// <param name="Decisions">In the order in which they were made; empty when the request is unknown or too long ago.</param>
/// <param name="Silent">Silos that did not answer.</param>
[GenerateSerializer, Immutable, Alias("Crescent.DecisionAnswer")]
public sealed record DecisionAnswer(
    [property: Id(0)] IReadOnlyList<PlacementDecisionReport> Decisions, [property: Id(1)] IReadOnlyList<string> Silent)
{
    /// <summary>Decisions that each silo remembers.</summary>
    public const int Kept = 4096;
}
