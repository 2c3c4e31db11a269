namespace Crescent.Client.Load.Measures;

/// <summary>Where a figure of a run lies, by the figure of each of the equal batches that the run is cut into.</summary>
/// <remarks>
/// Batch means with Student's t (Law and Kelton, Simulation Modeling and Analysis, 9.5.3), about the figure of the whole run rather than the mean of the batches, whose percentiles are biased (sectioning: Asmussen and
/// Glynn, Stochastic Simulation, III.5). Batches that still hang on one another make the interval wider by what a first-order autoregression of them would (as ASAP3 does: Steiger and others, 2005).
/// </remarks>
/// <param name="Value">The figure of the whole run.</param>
/// <param name="HalfWidth">The interval goes so far to either side; NaN where a batch has no figure.</param>
/// <param name="Change">From the first batch to the last, by the line of least squares through all.</param>
/// <param name="IsTrend">Whether that line's slope is not chance, at the same confidence.</param>
internal readonly record struct BatchInterval(double Value, double HalfWidth, double Change, bool IsTrend)
{
    // Where batches follow one another more closely, so few of them say nothing of how far they go.
    private const double MostCorrelation = 0.9;

    /// <summary>Of batches.</summary>
    /// <param name="value">The figure of the whole run.</param>
    /// <param name="batches">The figure of each batch in their order; three and up.</param>
    /// <param name="confidence">Above 0 and below 1.</param>
    public static BatchInterval Of(double value, ReadOnlySpan<double> batches, double confidence)
    {
        var count = batches.Length;
        var mean = 0.0;
        foreach (var batch in batches)
        {
            mean += batch / count;
        }

        var (around, squares, neighbours, slope, places) = (0.0, 0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < count; i++)
        {
            var off = batches[i] - mean;
            var place = i - ((count - 1) / 2.0);
            around += (batches[i] - value) * (batches[i] - value);
            squares += off * off;
            neighbours += i > 0 ? off * (batches[i - 1] - mean) : 0;
            slope += place * off;
            places += place * place;
        }

        slope /= places;
        var correlation = squares > 0 ? Math.Clamp(neighbours / squares, 0, MostCorrelation) : 0;
        var half = StudentT.TwoSided(confidence, count - 1) * Math.Sqrt(around / (count - 1) / count * (1 + correlation) / (1 - correlation));
        var error = Math.Sqrt(Math.Max(0, squares - (slope * slope * places)) / (count - 2) / places);
        return new BatchInterval(value, half, slope * (count - 1), Math.Abs(slope) > StudentT.TwoSided(confidence, count - 2) * error);
    }
}
