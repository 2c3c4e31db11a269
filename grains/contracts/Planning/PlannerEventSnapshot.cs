namespace Crescent.Grains.Contracts.Planning;

/// <summary>Something that the planner did, or in a dry run would have done.</summary>
/// <param name="At">When.</param>
/// <param name="What">What, and why.</param>
[GenerateSerializer, Immutable, Alias("Crescent.PlannerEventSnapshot")]
public sealed record PlannerEventSnapshot([property: Id(0)] DateTimeOffset At, [property: Id(1)] string What);
