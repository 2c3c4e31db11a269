namespace Crescent.Bench;

/// <summary>What a row of logits costs with one setting.</summary>
/// <param name="Name">The setting.</param>
/// <param name="Rows">Rows in a batch.</param>
/// <param name="Median">Microseconds a row.</param>
/// <param name="Worst">Microseconds a row of the slowest batch.</param>
/// <param name="Bytes">Allocated for a row.</param>
/// <param name="Budget">How many it may be.</param>
internal sealed record SamplingMeasurement(string Name, int Rows, double Median, double Worst, double Bytes, int Budget)
{
    public bool IsWithinBudget => Bytes <= Budget;
}
