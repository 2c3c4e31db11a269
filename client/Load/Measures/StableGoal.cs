namespace Crescent.Client.Load.Measures;

/// <summary>When a run has measured enough.</summary>
/// <param name="Figures">What is to hold, each by itself; at least one.</param>
/// <param name="Confidence">Of the interval about each; above 0 and below 1.</param>
/// <param name="Within">Half of an interval may be this share of the figure.</param>
internal sealed record StableGoal(IReadOnlyList<StableFigure> Figures, double Confidence, double Within)
{
    /// <summary>Whether a figure holds: it is above 0, its interval is narrow enough, and no trend takes it farther than that over the run. Of nothing, as tokens that nobody counts, nothing holds.</summary>
    public bool Holds(in BatchInterval interval)
    {
        var room = Within * interval.Value;
        return double.IsFinite(interval.Value) && interval.Value > 0 && interval.HalfWidth <= room && !Drifts(interval);
    }

    /// <summary>Whether a trend takes a figure farther than the interval may be wide.</summary>
    public bool Drifts(in BatchInterval interval) => interval.IsTrend && Math.Abs(interval.Change) > Within * Math.Abs(interval.Value);
}
