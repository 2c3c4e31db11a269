namespace Crescent.Agents.Votes;

/// <summary>Where a vote stands.</summary>
/// <param name="Winner">The answer that has won; null while it is open.</param>
/// <param name="Confidence">Posterior probability that the answer in front wins, over what is known.</param>
/// <param name="Tally">Weighted votes by answer, the leader first.</param>
public sealed record VoteOutcome(string? Winner, double Confidence, IReadOnlyList<KeyValuePair<string, double>> Tally);
