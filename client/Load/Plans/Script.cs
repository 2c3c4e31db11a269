namespace Crescent.Client.Load.Plans;

/// <summary>Calls that come one after the other, each when the one before has ended and its pause is over, or when all have ended that it waits for. Most have one call.</summary>
/// <param name="Calls">At least one.</param>
/// <param name="StartSeconds">When it begins, from the beginning of the run; null where whoever has a free place begins it.</param>
/// <param name="Program">Its name for servers that place by it; null for a single call.</param>
internal sealed record Script(IReadOnlyList<PlannedCall> Calls, double? StartSeconds = null, string? Program = null);
