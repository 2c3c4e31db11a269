using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Load.Timing;
using Crescent.Client.Mock;

namespace Crescent.Tests.Client.Load;

/// <summary>What the generator reports against what the mock server did.</summary>
public sealed class MockTruthTests
{
    [Theory]
    [InlineData(nameof(LoadEndpoint.Chat))]
    [InlineData(nameof(LoadEndpoint.Responses))]
    public async Task Percentiles_at_a_thousand_streams_are_within_two_percent_of_the_truth(string endpoint)
    {
        await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = LoadBench.Times("lognormal:1500ms,0.4"), GapSeconds = LoadBench.Times("gamma:200ms,0.5"), Seed = 3 });
        var run = await bench.Run(
            new SyntheticScripts(new SyntheticOptions { PromptTokens = Distribution.Constant(16), OutputTokens = Distribution.Constant(12) }),
            static options => options with { Concurrency = 1000, MostScripts = 1000, RampSeconds = 1 },
            Enum.Parse<LoadEndpoint>(endpoint));

        var (measures, truth) = (run.Measures, bench.Server.Record);
        Assert.Equal((1000L, 1000L, 12_000L), (measures.Count(CallEnd.Whole), truth.Whole, truth.Tokens));
        Assert.Equal(11_000, measures.ChunkGap.Count);
        foreach (var percent in (double[])[10, 50, 90, 95, 99])
        {
            Near("TTFT", percent, truth.First, measures.FirstActual, run.Health);
            Near("ITL", percent, truth.TokenGap, measures.TokenGap, run.Health);
            Near("latency", percent, truth.Latency, measures.LatencyActual, run.Health);
        }

        Near("ICL", 50, truth.ChunkGap, measures.ChunkGap, run.Health);
        Near("ICL", 90, truth.ChunkGap, measures.ChunkGap, run.Health);
    }

    [Fact]
    public async Task Means_differ_by_what_lies_between_the_server_and_the_client_alone()
    {
        await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = LoadBench.Times("exponential:100ms"), GapSeconds = LoadBench.Times("uniform:5ms,20ms"), Seed = 5 });
        var run = await bench.Closed(50, 200, tokens: 10);

        // Nothing can be received before it is sent.
        Assert.True(run.Measures.FirstActual.Mean >= bench.Server.Record.First.Mean * 0.999);
        Assert.True(run.Measures.LatencyActual.Mean >= bench.Server.Record.Latency.Mean * 0.999 - 0.0005);
        Assert.Equal(bench.Server.Record.Tokens, run.Measures.UsageTokens);
    }

    [Theory]
    [InlineData(nameof(CallEnd.Refused), nameof(LoadEndpoint.Chat))]
    [InlineData(nameof(CallEnd.Cut), nameof(LoadEndpoint.Chat))]
    [InlineData(nameof(CallEnd.Refused), nameof(LoadEndpoint.Responses))]
    [InlineData(nameof(CallEnd.Cut), nameof(LoadEndpoint.Responses))]
    public async Task Faults_of_the_server_are_counted_by_kind(string name, string endpoint)
    {
        var kind = Enum.Parse<CallEnd>(name);
        await using var bench = LoadBench.Start(new MockOptions
        {
            FirstSeconds = Distribution.Constant(0),
            GapSeconds = Distribution.Constant(0),
            ErrorShare = kind == CallEnd.Refused ? 0.3 : 0,
            ErrorStatus = 503,
            CutShare = kind == CallEnd.Cut ? 0.3 : 0,
        });
        var run = await bench.Closed(8, 200, endpoint: Enum.Parse<LoadEndpoint>(endpoint));
        var truth = kind == CallEnd.Refused ? bench.Server.Record.Refused : bench.Server.Record.Cut;
        Assert.InRange(truth, 30, 90);
        Assert.Equal((truth, 200 - truth, truth), (run.Measures.Count(kind), run.Measures.Count(CallEnd.Whole), run.Measures.Failed));
        var fault = Assert.Single(run.Measures.Faults);
        Assert.Equal((kind, kind == CallEnd.Refused ? 503 : 200, truth), (fault.End, fault.Status, fault.Count));
    }

    [Theory]
    [InlineData(0, 30, true)]
    [InlineData(0, 0, false)]
    [InlineData(60, 30, false)]
    public async Task What_is_refused_until_a_time_is_asked_again_then_within_a_bound_and_both_are_counted(int told, double most, bool heeded)
    {
        await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = Distribution.Constant(0), GapSeconds = Distribution.Constant(0), ErrorShare = 0.3, ErrorStatus = 429, RetryAfterSeconds = told });
        var run = await bench.Run(
            new SyntheticScripts(new SyntheticOptions { OutputTokens = Distribution.Constant(2) }), options => options with { Concurrency = 8, MostScripts = 200, MostWaitSeconds = most });
        var (measures, truth) = (run.Measures, bench.Server.Record);
        Assert.InRange(truth.Refused, 30, 150);
        Assert.Equal(heeded ? (200L, 0L, truth.Refused) : (200 - truth.Refused, truth.Refused, 0L), (measures.Count(CallEnd.Whole), measures.Count(CallEnd.Refused), measures.Waits.Refusals));
        Assert.Equal(heeded ? bench.Calls.Count(static call => call.Refusals > 0) : 0, measures.Waits.Calls);
        Assert.Equal(0.01 * measures.Waits.Refusals, measures.Waits.Seconds, 6);

        // The wait is a part of what its user waits, and not of what the server took.
        Assert.All(bench.Calls, static call => Assert.True(PreciseClock.Seconds(call.Started - call.Intended) >= call.WaitedSeconds));
        Assert.All(bench.Calls, static call => Assert.Equal(0.01 * call.Refusals, call.WaitedSeconds, 6));
    }

    [Fact]
    public async Task Calls_that_are_given_up_leave_the_server_and_are_no_failures()
    {
        await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = Distribution.Constant(0.01), GapSeconds = Distribution.Constant(0.05) });
        var run = await bench.Run(
            new SyntheticScripts(new SyntheticOptions { OutputTokens = Distribution.Constant(100), Cancellation = new Cancellation(0.5, Distribution.Constant(0.1)) }),
            static options => options with { Concurrency = 20, MostScripts = 20, MostSeconds = 60 });
        Assert.InRange(run.Measures.Count(CallEnd.Cancelled), 3, 17);
        Assert.Equal((20L, 0L), (run.Measures.Count(CallEnd.Cancelled) + run.Measures.Count(CallEnd.Whole), run.Measures.Failed));
    }

    [Fact]
    public async Task A_server_that_is_silent_for_too_long_times_out()
    {
        await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = Distribution.Constant(600) });
        var run = await bench.Run(new SyntheticScripts(new SyntheticOptions()), static options => options with { Concurrency = 2, MostScripts = 2, TimeoutSeconds = 0.2 });
        Assert.Equal(2, run.Measures.Count(CallEnd.TimedOut));
    }

    [Fact]
    public async Task Nobody_who_listens_is_a_failure_of_every_call()
    {
        var bench = LoadBench.Start(new MockOptions());
        await bench.DisposeAsync();
        var run = await bench.Closed(2, 4);
        Assert.Equal(4, run.Measures.Count(CallEnd.Unreachable));
    }

    [Fact]
    public async Task What_comes_in_the_warm_up_is_not_measured()
    {
        await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = Distribution.Constant(0), GapSeconds = Distribution.Constant(0) });
        var run = await bench.Run(new SyntheticScripts(new SyntheticOptions()), static options => options with { Concurrency = 4, MostScripts = 40, WarmUpCalls = 10 });
        Assert.Equal((30L, 40L, 40), (run.Measures.Tried, run.Measures.Ended, bench.Calls.Count));
    }

    [Fact]
    public async Task Joules_that_the_server_tells_are_summed()
    {
        await using var bench = LoadBench.Start(new MockOptions { GapSeconds = Distribution.Constant(0), JoulesPerToken = 0.25 });
        var run = await bench.Closed(2, 4, tokens: 10);
        Assert.Equal((10.0, 40L, true), (run.Measures.Joules, run.Measures.JoulesTokens, run.Measures.JoulesKind.Simulated));
    }

    // Where the machine was busy, what the generator says of its own lateness is the bound.
    private static void Near(string what, double percent, Histogram truth, Histogram seen, GeneratorHealth health)
    {
        var (want, have) = (truth.Percentile(percent), seen.Percentile(percent));
        var lateness = health.LoopLag.Percentile(99) > 0.002 ? health.LoopLag.Most : 0;
        Assert.True(Math.Abs(have - want) <= (0.02 * want) + lateness, FormattableString.Invariant($"{what} p{percent}: {have} for {want}, loop lag up to {health.LoopLag.Most}"));
    }
}
