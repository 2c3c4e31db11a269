namespace Crescent.Lab.Fleet;

/// <summary>Percentiles of a run, and time over a budget.</summary>
internal static class FleetResults
{
    /// <summary>A budget is not judged for this long after it changes, s.</summary>
    private const double GraceSeconds = 2;
    private const double Tolerance = 0.02;

    /// <summary>
    /// Sorted times to the first token. A request that was refused, or failed before its first token, has waited for ever: a policy that sheds is not to look quicker for it.
    /// Those that their caller has given up do not count.
    /// </summary>
    public static double[] Ttfts(IReadOnlyList<FleetCall> calls) =>
        [.. calls.Where(static call => !call.IsCancelled).Select(static call => call.Failed || call.FirstTokenAt == 0 ? double.PositiveInfinity : call.Ttft).Order()];

    /// <summary>Sorted mean times between tokens, of what was served; likewise for ever where it was not.</summary>
    public static double[] Itls(IReadOnlyList<FleetCall> calls) =>
        [.. calls.Where(static call => !call.IsCancelled && (call.Failed || call.Tokens > 1)).Select(static call => call.Failed ? double.PositiveInfinity : call.Itl).Order()];

    /// <summary>The value that <paramref name="share"/> of <paramref name="sorted"/> are below; NaN where there is none.</summary>
    public static double Percentile(double[] sorted, double share) =>
        sorted.Length == 0 ? double.NaN : sorted[(int)Math.Min(sorted.Length - 1, share * sorted.Length)];

    /// <summary>The bins over a budget, and the most over it as a share of it, without the moments after it jumps.</summary>
    /// <param name="watts">Drawn in each bin.</param>
    /// <param name="budgetAt">The budget at a moment, W.</param>
    /// <param name="jumps">When it jumps, s.</param>
    public static (IReadOnlyList<int> Bins, double Worst) Excess(IReadOnlyList<double> watts, Func<double, double> budgetAt, IReadOnlyList<double> jumps)
    {
        var over = new List<int>();
        var worst = 0.0;
        for (var i = 0; i < watts.Count; i++)
        {
            var at = i * PowerMeter.BinSeconds;
            if (jumps.Any(jump => at >= jump - PowerMeter.BinSeconds && at < jump + GraceSeconds))
            {
                continue;
            }

            var excess = (watts[i] / budgetAt(at)) - 1;
            worst = Math.Max(worst, excess);
            if (excess > Tolerance)
            {
                over.Add(i);
            }
        }

        return (over, worst);
    }
}
