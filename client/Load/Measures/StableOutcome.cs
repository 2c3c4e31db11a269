namespace Crescent.Client.Load.Measures;

/// <summary>What a run came to that was to end when its figures hold.</summary>
/// <param name="Goal">What was asked.</param>
/// <param name="IsStable">Whether they held.</param>
/// <param name="Calls">Whole answers that say so.</param>
/// <param name="Intervals">Of each figure; empty where there were too few calls.</param>
internal sealed record StableOutcome(StableGoal Goal, bool IsStable, int Calls, IReadOnlyList<BatchInterval> Intervals);
