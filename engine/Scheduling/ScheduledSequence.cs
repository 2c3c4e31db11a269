namespace Crescent.Engine.Scheduling;

/// <summary>A sequence's part in a step.</summary>
/// <param name="Sequence">Whose.</param>
/// <param name="Tokens">Tokens that the step computes.</param>
/// <param name="LogitsRow">Row of logits of its last token, or -1 while its prompt goes on.</param>
internal readonly record struct ScheduledSequence(Sequence Sequence, int Tokens, int LogitsRow);
