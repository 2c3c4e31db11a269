namespace Crescent.Grains.Contracts.Power;

/// <summary>Something that the governor did, for operators.</summary>
/// <param name="At">When.</param>
/// <param name="What">What: a remedy, a change of budgets, a new governor.</param>
/// <param name="Level">The level, such as <c>cluster</c> or <c>rack r1</c>.</param>
/// <param name="Watts">What it drew.</param>
/// <param name="BudgetWatts">What it may draw; 0 for no bound.</param>
[GenerateSerializer, Immutable, Alias("Crescent.PowerEventSnapshot")]
public sealed record PowerEventSnapshot(
    [property: Id(0)] DateTimeOffset At,
    [property: Id(1)] string What,
    [property: Id(2)] string Level,
    [property: Id(3)] double Watts,
    [property: Id(4)] double BudgetWatts);
