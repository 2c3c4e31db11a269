namespace Crescent.Silo.Ops;

/// <summary>A histogram, of seconds unless it has bounds of its own; safe for use by many threads.</summary>
internal sealed class LatencyHistogram(string name, string help, double[]? bounds = null)
{
    private static readonly double[] Bounds = [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, double.PositiveInfinity];

    private readonly double[] _bounds = bounds ?? Bounds;
    private readonly long[] _counts = new long[(bounds ?? Bounds).Length];
    private double _sum;

    /// <summary>Takes note of a time that was met <paramref name="times"/> times.</summary>
    public void Observe(double seconds, int times = 1)
    {
        var bucket = 0;
        while (bucket < _bounds.Length - 1 && !(seconds <= _bounds[bucket]))
        {
            bucket++;
        }

        Interlocked.Add(ref _counts[bucket], times);
        for (var sum = Volatile.Read(ref _sum); ;)
        {
            var seen = Interlocked.CompareExchange(ref _sum, sum + (seconds * times), sum);
            if (seen.Equals(sum))
            {
                return;
            }

            sum = seen;
        }
    }

    /// <summary>Begins the metric; the samples of one histogram or several follow.</summary>
    public void Begin(MetricsText text) => text.Begin(name, "histogram", help);

    /// <summary>Writes its samples, those of <paramref name="model"/>.</summary>
    public void Write(MetricsText text, string model)
    {
        // What is observed meanwhile may be in a bucket and not in the sum yet, or the other way round; the count is that of the buckets.
        var total = 0L;
        for (var i = 0; i < _bounds.Length; i++)
        {
            total += Interlocked.Read(ref _counts[i]);
            text.Sample(name + "_bucket", total, ("model_name", model), ("le", MetricsText.Number(_bounds[i])));
        }

        text.Sample(name + "_sum", Volatile.Read(ref _sum), ("model_name", model));
        text.Sample(name + "_count", total, ("model_name", model));
    }
}
