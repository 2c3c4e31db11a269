namespace Crescent.Engine.Scheduling;

/// <summary>What a step computes of a prompt.</summary>
/// <param name="Sequence">Whose it is.</param>
/// <param name="Tokens">From its first token that is not computed yet.</param>
internal readonly record struct PromptGrant(Sequence Sequence, int Tokens);
