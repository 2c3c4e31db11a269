namespace Crescent.Engine.Scheduling;

/// <summary>A sequence that may go on with guesses.</summary>
/// <param name="Sequence">It; all of its tokens are known, and all but the newest are computed.</param>
/// <param name="Limit">Most tokens to guess, at least 1.</param>
internal readonly record struct DraftAsk(Sequence Sequence, int Limit);
