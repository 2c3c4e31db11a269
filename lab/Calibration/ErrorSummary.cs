namespace Crescent.Lab.Calibration;

/// <summary>How far simulated runs are from measured ones.</summary>
/// <param name="Name">Which runs.</param>
/// <param name="Rows">How many.</param>
/// <param name="Median">Median of the errors without their signs, as a share of the measured value.</param>
/// <param name="Worst">The largest of them.</param>
/// <param name="Bias">Mean of the errors with their signs.</param>
public sealed record ErrorSummary(string Name, int Rows, double Median, double Worst, double Bias)
{
    /// <summary>The summary of all <paramref name="rows"/> that were simulated, or null when none was.</summary>
    public static ErrorSummary? Of(string name, IEnumerable<CalibratedRow> rows)
    {
        var errors = rows.Where(static row => row.Error is not null).Select(static row => row.Error!.Value).ToArray();
        if (errors.Length == 0)
        {
            return null;
        }

        var sizes = errors.Select(Math.Abs).Order().ToArray();
        var middle = sizes.Length / 2;
        var median = sizes.Length % 2 == 1 ? sizes[middle] : (sizes[middle - 1] + sizes[middle]) / 2;
        return new ErrorSummary(name, sizes.Length, median, sizes[^1], errors.Average());
    }
}
