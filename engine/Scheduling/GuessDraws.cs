using Crescent.Engine.Devices;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>Draws the guesses of a pass as their sequences themselves will, with the same randomness for the same position.</summary>
/// <param name="device">Of the model that guesses.</param>
/// <param name="sampler">Of its vocabulary.</param>
internal sealed class GuessDraws(IDevice device, Sampler sampler)
{
    /// <summary>The guess of a row.</summary>
    public int this[int row] => sampler.Batch[row].Token;

    /// <summary>Draws.</summary>
    /// <param name="result">Has a row of logits for each of <paramref name="guessing"/>.</param>
    /// <param name="guessing">Whose guesses they are.</param>
    /// <param name="pass">Guesses that each has before.</param>
    public void Draw(in StepResult result, List<(Sequence Sequence, SequenceDraft Draft)> guessing, int pass)
    {
        var batch = sampler.Batch;
        for (var row = 0; row < guessing.Count; row++)
        {
            batch.AddGuess(guessing[row].Sequence.Sampling, row, guessing[row].Sequence.TokenCount, pass);
        }

        if (batch.Rows.IsEmpty)
        {
            return;
        }

        if (device.Sampler is { } drawer)
        {
            drawer.Sample(batch);
            return;
        }

        foreach (var row in batch.Rows)
        {
            sampler.Sample(result.Logits(row.LogitsRow), row);
        }
    }

    /// <summary>Forgets them.</summary>
    public void Clear() => sampler.Batch.Clear();
}
