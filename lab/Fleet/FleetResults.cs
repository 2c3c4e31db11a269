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

    /// <summary>Seconds over the budget, and the most over it as a share of it, without the moments after it changed at <paramref name="changesAt"/>.</summary>
    public static (double Seconds, double Worst) Excess(double[] watts, Func<double, double> budgetAt, double changesAt)
    {
        var (seconds, worst) = (0.0, 0.0);
        for (var i = 0; i < watts.Length; i++)
        {
            var at = i * PowerMeter.BinSeconds;
            if (at >= changesAt - PowerMeter.BinSeconds && at < changesAt + GraceSeconds)
            {
                continue;
            }

            var excess = (watts[i] / budgetAt(at)) - 1;
            seconds += excess > Tolerance ? PowerMeter.BinSeconds : 0;
            worst = Math.Max(worst, excess);
        }

        return (seconds, worst);
    }
}
