namespace Crescent.Engine.Scheduling;

/// <summary>A sequence's part in a step.</summary>
/// <param name="Sequence">Whose.</param>
/// <param name="Tokens">Tokens that the step computes.</param>
/// <param name="LogitsRow">Row of logits of its last token, or -1 when it has none: its prompt goes on, or its embedding is wanted.</param>
/// <param name="HiddenRow">First of the hidden states of its tokens, or -1 when it wants none.</param>
internal readonly record struct ScheduledSequence(Sequence Sequence, int Tokens, int LogitsRow, int HiddenRow = -1)
{
    /// <summary>
    /// Whether a token is drawn from its row: not when what may come next was still looked for. It is settled once, since that may be found while the step is in
    /// flight.
    /// </summary>
    public bool Draws { get; init; }
}
