namespace Crescent.Silo.Ops;

/// <summary>A histogram, of seconds unless it has bounds of its own; safe for use by many threads.</summary>
internal sealed class LatencyHistogram(string name, string help, double[]? bounds = null)
{
    private static readonly double[] Bounds = [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, double.PositiveInfinity];

    private readonly Lock _lock = new();
    private readonly double[] _bounds = bounds ?? Bounds;
    private readonly long[] _counts = new long[(bounds ?? Bounds).Length];
    private double _sum;

    /// <summary>Takes note of a time that was met <paramref name="times"/> times.</summary>
    public void Observe(double seconds, int times = 1)
    {
        var bucket = Array.FindIndex(_bounds, bound => seconds <= bound);
        lock (_lock)
        {
            _counts[bucket] += times;
            _sum += seconds * times;
        }
    }

    /// <summary>Begins the metric; the samples of one histogram or several follow.</summary>
    public void Begin(MetricsText text) => text.Begin(name, "histogram", help);

    /// <summary>Writes its samples, those of <paramref name="model"/>.</summary>
    public void Write(MetricsText text, string model)
    {
        lock (_lock)
        {
            var total = 0L;
            for (var i = 0; i < _bounds.Length; i++)
            {
                total += _counts[i];
                text.Sample(name + "_bucket", total, ("model_name", model), ("le", MetricsText.Number(_bounds[i])));
            }

            text.Sample(name + "_sum", _sum, ("model_name", model));
            text.Sample(name + "_count", total, ("model_name", model));
        }
    }
}
