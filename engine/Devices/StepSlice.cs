namespace Crescent.Engine.Devices;

/// <summary>One sequence's part of a step. Offsets point into the arrays of its <see cref="StepPlan"/>.</summary>
/// <param name="TokenOffset">First of its tokens.</param>
/// <param name="TokenCount">New tokens, at least 1.</param>
/// <param name="StartPosition">Position of the first new token; the keys and values of all before it are in the blocks.</param>
/// <param name="TableOffset">First entry of its block table.</param>
/// <param name="TableLength">Blocks in the table: enough for StartPosition + TokenCount positions, or 0 in a plan without tables.</param>
/// <param name="Logits">For which tokens logits are wanted.</param>
/// <param name="LogitsRow">First of its rows of logits.</param>
/// <param name="HiddenRow">First of its hidden states, one for each of its tokens; -1 when none are wanted.</param>
/// <param name="StateSlot">Where a device with <see cref="DeviceInfo.StateSlots"/> keeps its state: that of StartPosition before the step, of its end after it; -1 for none.</param>
/// <param name="RepeatedTokens">
/// Tokens at its beginning that have been computed before, whose keys and values are written again as they are: its state had to go back behind a guess that did not come true. No
/// logits are wanted for them.
/// </param>
/// <param name="SpareSlot">A further state, which gets what the sequence's is after its first <see cref="SpareAfter"/> tokens: whatever comes of the guesses behind them, it can go on from there; -1 for none.</param>
public readonly record struct StepSlice(
    int TokenOffset, int TokenCount, int StartPosition, int TableOffset, int TableLength, LogitsWanted Logits, int LogitsRow, int HiddenRow = -1,
    int StateSlot = -1, int RepeatedTokens = 0, int SpareSlot = -1)
{
    /// <summary>Tokens after which the state is what <see cref="SpareSlot"/> gets.</summary>
    public int SpareAfter => RepeatedTokens + 1;

    /// <summary>Rows of logits that the slice wants.</summary>
    public int LogitsRowCount => Logits switch
    {
        LogitsWanted.None => 0,
        LogitsWanted.Last => 1,
        _ => TokenCount - RepeatedTokens,
    };
}
