namespace Crescent.Client.Load.Sweeps;

/// <summary>Which loads a sweep makes, one after the other: those that were named, or ever twice as much until that gives no more; then some between the last that kept what is asked and the first that did not.</summary>
/// <param name="named">Loads; null for doubling from 1.</param>
/// <param name="most">The largest that doubling goes to.</param>
/// <param name="refinements">Loads between.</param>
/// <param name="keeps">Whether a load kept what is asked.</param>
/// <param name="isWhole">Whether loads are whole numbers.</param>
internal sealed class SweepWalk(IReadOnlyList<double>? named, double most, int refinements, Func<SweepPoint, bool> keeps, bool isWhole)
{
    /// <summary>Doubling that gives less than this more has come to the end.</summary>
    public const double LeastGain = 0.05;

    /// <summary>Doubling ends where so many calls fail.</summary>
    public const double MostErrors = 0.1;

    private int _refined;

    /// <summary>The next load; null for the end.</summary>
    /// <param name="done">All so far, in the order in which they were made.</param>
    public double? Next(IReadOnlyList<SweepPoint> done)
    {
        var walked = done.Count - _refined;
        if (named is not null ? walked < named.Count : _refined == 0 && GoesOn(done))
        {
            return named is not null ? named[walked] : walked == 0 ? 1 : Math.Min(most, done[^1].Load * 2);
        }

        if (_refined >= refinements || Between(done) is not { } load)
        {
            return null;
        }

        _refined++;
        return load;
    }

    private bool GoesOn(IReadOnlyList<SweepPoint> done)
    {
        if (done.Count == 0)
        {
            return true;
        }

        // Twice in a row, for one may be chance.
        var stalls = done.Count > 2 && done[^1].TokensPerSecond < done[^2].TokensPerSecond * (1 + LeastGain) && done[^2].TokensPerSecond < done[^3].TokensPerSecond * (1 + LeastGain);
        return done[^1].Load < most && done[^1].Errors <= MostErrors && !stalls;
    }

    private double? Between(IReadOnlyList<SweepPoint> done)
    {
        var kept = done.Where(keeps).Select(static point => point.Load).DefaultIfEmpty(double.NaN).Max();
        var broken = done.Where(point => !keeps(point) && !(point.Load <= kept)).Select(static point => point.Load).DefaultIfEmpty(double.NaN).Min();
        if (!double.IsFinite(kept) || !double.IsFinite(broken))
        {
            return null;
        }

        var load = Math.Sqrt(kept * broken);
        load = isWhole ? Math.Round(load) : load;
        return load > kept && load < broken ? load : null;
    }
}
