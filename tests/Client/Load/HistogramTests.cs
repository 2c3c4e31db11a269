using Crescent.Client.Load.Measures;
using CsCheck;

namespace Crescent.Tests.Client.Load;

public sealed class HistogramTests
{
    [Fact]
    public void Percentiles_are_those_of_the_sorted_values_within_a_thousandth() => Gen.Long[0, Histogram.Largest].Array[1, 200].Sample(values =>
    {
        var histogram = new Histogram(1);
        foreach (var value in values)
        {
            histogram.Record(value);
        }

        Array.Sort(values);
        foreach (var percent in (double[])[0.1, 25, 50, 90, 99, 100])
        {
            var exact = values[Math.Max(0, (int)Math.Ceiling(values.Length * percent / 100 - 1e-9) - 1)];
            if (Math.Abs(histogram.Percentile(percent) - exact) > exact / 1000.0)
            {
                return false;
            }
        }

        return histogram.Count == values.Length && histogram.Least == values[0] && histogram.Most == values[^1];
    });

    [Fact]
    public void Many_threads_lose_no_value()
    {
        var histogram = new Histogram(1);
        Parallel.For(0, 8, worker =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                histogram.Record((worker * 10_000) + i);
            }
        });
        Assert.Equal((80_000L, 0.0, 79_999.0, 39_999.5), (histogram.Count, histogram.Least, histogram.Most, histogram.Mean));
    }

    [Fact]
    public void A_value_beyond_the_range_counts_as_the_largest_and_nothing_has_no_percentile()
    {
        var histogram = Histogram.OfTimes();
        Assert.Equal((0.0, 0.0, 0.0), (histogram.Percentile(50), histogram.Mean, histogram.Most));
        histogram.Record(long.MaxValue);
        histogram.Record(-1);
        Assert.Equal((2L, 0.0), (histogram.Count, histogram.Least));
        Assert.Equal(histogram.Most, histogram.Percentile(100));
    }

    [Fact]
    public void Recording_allocates_nothing()
    {
        var histogram = new Histogram(1);
        histogram.Record(1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            histogram.Record(i * 1000);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
