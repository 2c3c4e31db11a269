using System.Diagnostics;
using Crescent.Client.Load.Measures;

namespace Crescent.Tests.Client.Load;

/// <summary>When figures count as holding, on series that are made up.</summary>
public sealed class StabilityTests
{
    // Two-sided quantiles of published tables.
    [Theory]
    [InlineData(0.95, 1, 12.706)]
    [InlineData(0.95, 2, 4.303)]
    [InlineData(0.90, 5, 2.015)]
    [InlineData(0.95, 14, 2.145)]
    [InlineData(0.95, 15, 2.131)]
    [InlineData(0.99, 15, 2.947)]
    [InlineData(0.95, 120, 1.980)]
    public void Students_t_is_that_of_the_tables(double confidence, int degrees, double t) => Assert.Equal(t, StudentT.TwoSided(confidence, degrees), 3);

    // (2.131 x 0.5 / 0.05)^2 = 454 answers, and some more for looks in a row and for what chance makes of neighbours.
    [Fact]
    public void A_stationary_series_stops_near_the_count_that_its_spread_asks_for()
    {
        int[] counts = [.. Enumerable.Range(0, 40).Select(static seed => Stop("latency.mean", LogNormal(seed, 0.47), 20_000).Calls)];
        Array.Sort(counts);
        Assert.InRange(counts[20], 350, 900);
        Assert.InRange(counts[^1], 400, 3000);
    }

    [Fact]
    public void Where_it_stops_the_truth_is_within_the_interval_as_often_as_was_asked()
    {
        var truth = Math.Exp(0.47 * 0.47 / 2);
        Assert.InRange(Covered("latency.mean", static seed => LogNormal(seed, 0.47), truth), 0.88, 1);

        // The 95th percentile of a log-normal.
        Assert.InRange(Covered("latency.p95", static seed => LogNormal(seed, 0.3), Math.Exp(0.3 * 1.6449)), 0.88, 1);
    }

    [Fact]
    public void Answers_that_hang_on_one_another_need_more_of_them()
    {
        var truth = 1.0;
        Assert.InRange(Covered("latency.mean", static seed => Correlated(seed, 0.9), truth), 0.85, 1);
        var alone = Enumerable.Range(0, 15).Average(static seed => (double)Stop("latency.mean", Correlated(seed, 0), 100_000).Calls);
        var bound = Enumerable.Range(0, 15).Average(static seed => (double)Stop("latency.mean", Correlated(seed, 0.9), 100_000).Calls);
        Assert.True(bound > 3 * alone, $"{bound} {alone}");
    }

    [Theory]
    [InlineData("latency.mean")]
    [InlineData("latency.p50")]
    [InlineData("tokens_per_s")]
    public void A_series_that_drifts_is_not_called_stable(string figure)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var noise = LogNormal(seed, 0.05).GetEnumerator();
            var outcome = Stop(figure, Drifting(noise), 6000);
            Assert.False(outcome.IsStable);
            Assert.True(outcome.Goal.Drifts(outcome.Intervals[0]));
        }
    }

    [Fact]
    public void A_step_in_the_middle_is_waited_out()
    {
        // Twice as slow after 100 answers: what comes after holds once it outweighs them.
        Assert.False(Stop("latency.mean", Step(LogNormal(1, 0.05).GetEnumerator(), 100), 1000).IsStable);
        Assert.InRange(Stop("latency.mean", Step(LogNormal(1, 0.05).GetEnumerator(), 100), 100_000).Calls, 1000, 99_999);
    }

    [Fact]
    public void All_figures_must_hold_and_one_without_values_never_does()
    {
        var outcome = Stop("latency.mean,ttft.p50", LogNormal(3, 0.1), 5000, first: false);
        Assert.Equal((false, true, false), (outcome.IsStable, outcome.Goal.Holds(outcome.Intervals[0]), outcome.Goal.Holds(outcome.Intervals[1])));
        Assert.True(Stop("latency.mean,ttft.p50", LogNormal(3, 0.1), 5000).IsStable);
    }

    [Fact]
    public void What_is_nothing_does_not_hold()
    {
        var goal = new StableGoal([StableFigure.Parse("tokens_per_s")!], 0.95, 0.05);
        Assert.False(goal.Holds(new BatchInterval(0, 0, 0, false)));
        Assert.False(goal.Holds(new BatchInterval(double.PositiveInfinity, 0, 0, false)));
        Assert.True(goal.Holds(new BatchInterval(10, 0.5, 0, false)));
    }

    [Fact]
    public void Answers_that_are_told_in_another_order_than_that_of_their_ends_are_put_in_it()
    {
        var now = Stopwatch.Frequency;
        var calls = LogNormal(5, 0.4).Take(5000).Select(latency => new CallRecord { Intended = now, Ended = now += (long)(latency * Stopwatch.Frequency), End = CallEnd.Whole, Chunks = 10 }).ToArray();
        var ordered = Intervals(calls);
        Assert.All(ordered, static interval => Assert.True(interval.Value > 0 && interval.HalfWidth > 0));
        Assert.Equal(ordered, Intervals(calls.Chunk(7).SelectMany(static few => Enumerable.Reverse(few))));

        static IReadOnlyList<BatchInterval> Intervals(IEnumerable<CallRecord> calls)
        {
            var series = new StableSeries(new StableGoal([.. ((string[])["requests_per_s", "tokens_per_s", "latency.p50"]).Select(static text => StableFigure.Parse(text)!)], 0.95, 0.05));
            foreach (var call in calls)
            {
                series.Add(call);
            }

            series.Check();
            return series.Outcome.Intervals;
        }
    }

    [Fact]
    public void A_percentile_waits_for_calls_beyond_it_in_each_batch()
    {
        Assert.Equal(20, StableFigure.Parse("latency.p95")!.Least);
        Assert.Equal(1000, StableFigure.Parse("ttft.p99.9")!.Least);
        Assert.Equal(101, StableFigure.Parse("latency.p1")!.Least);
        Assert.Equal(1001, StableFigure.Parse("latency.p0.1")!.Least);
        Assert.Equal((10, 10), (StableFigure.Parse("latency.p50")!.Least, StableFigure.Parse("latency.mean")!.Least));
        Assert.Equal(0, Stop("latency.p99", LogNormal(3, 0.01), 1600).Calls);
        Assert.True(Stop("latency.p99", LogNormal(3, 0.01), 2000).IsStable);
    }

    [Theory]
    [InlineData("latency")]
    [InlineData("latency.p0")]
    [InlineData("latency.p0.01")]
    [InlineData("latency.p100")]
    [InlineData("latency.most")]
    [InlineData("isl.mean")]
    [InlineData("errors")]
    public void What_is_no_figure_is_refused(string text) => Assert.Null(StableFigure.Parse(text));

    /// <summary>Share of stops whose interval had the truth within.</summary>
    private static double Covered(string figure, Func<int, IEnumerable<double>> series, double truth)
    {
        const int Runs = 100;
        var within = 0;
        for (var seed = 0; seed < Runs; seed++)
        {
            var outcome = Stop(figure, series(seed), 200_000);
            Assert.True(outcome.IsStable);
            within += Math.Abs(outcome.Intervals[0].Value - truth) <= outcome.Intervals[0].HalfWidth ? 1 : 0;
        }

        return (double)within / Runs;
    }

    /// <summary>Answers with these latencies, one after the other, until they hold or there are so many.</summary>
    private static StableOutcome Stop(string figures, IEnumerable<double> latencies, int most, bool first = true)
    {
        var series = new StableSeries(new StableGoal([.. figures.Split(',').Select(static text => StableFigure.Parse(text)!)], 0.95, 0.05));
        var now = Stopwatch.Frequency;
        var count = 0;
        foreach (var latency in latencies)
        {
            var began = now;
            now += (long)(latency * Stopwatch.Frequency);
            series.Add(new CallRecord { Intended = began, Started = began, First = first ? (began + now) / 2 : 0, Ended = now, End = CallEnd.Whole, ToldTokens = 10, Chunks = 10 });
            if (series.Check() || ++count == most)
            {
                break;
            }
        }

        return series.Outcome;
    }

    private static IEnumerable<double> LogNormal(int seed, double sigma)
    {
        var random = new Random(seed + 1);
        while (true)
        {
            yield return Math.Exp(sigma * Normal(random));
        }
    }

    // A first-order autoregression about 1 with a spread of 0.3.
    private static IEnumerable<double> Correlated(int seed, double correlation)
    {
        var random = new Random(seed + 1000);
        var off = 0.3 * Normal(random);
        while (true)
        {
            yield return Math.Max(0.01, 1 + off);
            off = (correlation * off) + (0.3 * Math.Sqrt(1 - (correlation * correlation)) * Normal(random));
        }
    }

    private static IEnumerable<double> Drifting(IEnumerator<double> noise)
    {
        for (var i = 0; noise.MoveNext(); i++)
        {
            yield return noise.Current * (1 + (0.001 * i));
        }
    }

    private static IEnumerable<double> Step(IEnumerator<double> noise, int at)
    {
        for (var i = 0; noise.MoveNext(); i++)
        {
            yield return noise.Current * (i < at ? 1 : 2);
        }
    }

    private static double Normal(Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
