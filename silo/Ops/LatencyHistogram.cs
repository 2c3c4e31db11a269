using System.Diagnostics.Metrics;
using Crescent.Grains.Tracing;

namespace Crescent.Silo.Ops;

/// <summary>
/// A histogram of one model, of seconds unless it has another unit; safe for use by many threads. What it takes note of is an instrument's as well: there is no reading back what an instrument
/// has counted, and while nobody listens to it that costs nothing.
/// </summary>
/// <param name="meter">Of the instrument.</param>
/// <param name="model">The model's name in answers.</param>
/// <param name="instrument">Name of the instrument.</param>
/// <param name="name">As Prometheus has it.</param>
/// <param name="help">What it is.</param>
/// <param name="unit">Unit of the instrument.</param>
/// <param name="bounds">Upper bounds, the last one infinite; null for those of times.</param>
internal sealed class LatencyHistogram(Meter meter, string model, string instrument, string name, string help, string unit = "s", double[]? bounds = null)
{
    private static readonly double[] Bounds = [.001, .005, .01, .02, .04, .06, .08, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, double.PositiveInfinity];

    private readonly double[] _bounds = bounds ?? Bounds;
    private readonly long[] _counts = new long[(bounds ?? Bounds).Length];
    private readonly Histogram<double> _instrument = meter.CreateHistogram(
        instrument, unit, help, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = (bounds ?? Bounds)[..^1] });

    private readonly KeyValuePair<string, object?> _model = new(SemanticNames.RequestModel, model);
    private double _sum;

    /// <summary>Takes note of a time that was met <paramref name="times"/> times.</summary>
    public void Observe(double seconds, int times = 1)
    {
        var bucket = 0;
        while (bucket < _bounds.Length - 1 && !(seconds <= _bounds[bucket]))
        {
            bucket++;
        }

        if (_instrument.Enabled)
        {
            for (var i = 0; i < times; i++)
            {
                _instrument.Record(seconds, _model);
            }
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
    public void Begin(IMetricSink text) => text.Begin(name, "histogram", help);

    /// <summary>Writes its samples.</summary>
    public void Write(IMetricSink text)
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
