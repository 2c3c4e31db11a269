using System.Diagnostics;
using Crescent.Client.Load.Draws;
using Crescent.Client.Load.Measures;
using Crescent.Client.Load.Plans;
using Crescent.Client.Load.Prompts;
using Crescent.Client.Mock;

namespace Crescent.Tests.Client.Load;

/// <summary>Faults that load generators were found to have, each of which these tests would see here.</summary>
public sealed class PublishedFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // guidellm#1048: a server that answers one at a time, a client that asks faster, and good tails by the actual start.
    [Fact]
    public async Task Coordinated_omission_calls_that_wait_for_others_are_late_by_the_intended_start()
    {
        await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = Distribution.Constant(0.05), GapSeconds = Distribution.Constant(0) });
        var run = await bench.Run(
            new SyntheticScripts(new SyntheticOptions { Arrivals = Arrivals.Constant(200), OutputTokens = Distribution.Constant(1) }),
            static options => options with { MostScripts = 40, MostInFlight = 2 });

        // Two at a time take 50 ms each: the last of 40 calls, which come within 200 ms, waits for some 800 ms.
        var (intended, actual) = (run.Measures.FirstIntended, run.Measures.FirstActual);
        Assert.True(intended.Most > 0.6, $"{intended.Most}");
        Assert.True(intended.Percentile(50) > 2 * actual.Percentile(50), $"{intended.Percentile(50)} {actual.Percentile(50)}");
        Assert.True(run.Measures.HeldBack > 30);

        // Each call's wait is the difference of its clocks, whatever the machine does meanwhile.
        Assert.All(bench.Calls, static call => Assert.True(call.Intended <= call.Dispatched && call.Dispatched <= call.Started && call.Started < call.First));
    }

    // guidellm#1048 again: the server stands still, and calls that were to come meanwhile are not left out.
    [Fact]
    public async Task Coordinated_omission_a_server_that_stands_still_is_asked_all_the_same()
    {
        await using var bench = LoadBench.Start(
            new MockOptions { FirstSeconds = Distribution.Constant(0.001), GapSeconds = Distribution.Constant(0), FreezeEverySeconds = 0.2, FreezeSeconds = 0.4 });
        var run = await bench.Run(
            new SyntheticScripts(new SyntheticOptions { Arrivals = Arrivals.Constant(200), OutputTokens = Distribution.Constant(1) }),
            static options => options with { MostScripts = 240 });

        // Two thirds of the time the server stands still: more than a third of all calls wait for more than 100 ms.
        Assert.Equal(240, run.Measures.FirstIntended.Count);
        Assert.True(run.Measures.FirstIntended.Percentile(70) > 0.1, $"{run.Measures.FirstIntended.Percentile(70)}");
    }

    // guidellm#1145, vllm#42661, sglang#12064: a chunk is not a token.
    [Fact]
    public async Task Multi_token_chunks_give_the_latency_of_a_token_and_beside_it_that_of_a_chunk()
    {
        await using var bench = LoadBench.Start(new MockOptions { TokensPerChunk = 4, GapSeconds = Distribution.Constant(0.01) });
        var run = await bench.Closed(4, 8, tokens: 40);
        var measures = run.Measures;

        Assert.Equal((40.0, 4.0), (measures.OutputTokens.Mean, measures.TokensPerChunk.Mean));
        Assert.Equal(8 * 9, measures.ChunkGap.Count);

        // Nine gaps between ten chunks are thirty-nine between forty tokens.
        Assert.All(bench.Calls, static call => Assert.Equal((call.Last - call.First) / 39.0, call.TokenTicks!.Value, 3));
        Assert.InRange(measures.ChunkGap.Mean / measures.TokenGap.Mean, 4.2, 4.5);
    }

    // guidellm#737, club-3090#1096: what the model thinks is not seen as its first token.
    [Theory]
    [InlineData(nameof(LoadEndpoint.Chat))]
    [InlineData(nameof(LoadEndpoint.Responses))]
    public async Task Reasoning_deltas_are_first_tokens_and_the_first_output_is_told_apart(string endpoint)
    {
        await using var bench = LoadBench.Start(new MockOptions { ReasoningTokens = 10, FirstSeconds = Distribution.Constant(0.02), GapSeconds = Distribution.Constant(0.04) });
        var run = await bench.Closed(2, 4, tokens: 20, endpoint: Enum.Parse<LoadEndpoint>(endpoint));

        Assert.Equal((4L, 40L, 40L), (run.Measures.FirstIntended.Count, run.Measures.ReasoningChunks, run.Measures.ReasoningTokens));
        Assert.All(bench.Calls, static call => Assert.Equal((20, 10, 20), (call.Chunks, call.ReasoningChunks, call.OutputTokens)));

        // Ten gaps of 40 ms lie between them; an eighth of that would mean that thoughts were passed over, and a first one may be read late.
        Assert.All(bench.Calls, static call => Assert.True(call.FirstOutput - call.First > Stopwatch.Frequency / 20));
    }

    // The opening event of a chat has a role and no token.
    [Fact]
    public async Task The_opening_event_is_no_token()
    {
        await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = Distribution.Constant(0.1), GapSeconds = Distribution.Constant(0) });
        await bench.Closed(1, 2, tokens: 3);
        Assert.All(bench.Calls, static call => Assert.True(call.First - call.Started > Stopwatch.Frequency / 20));
        Assert.All(bench.Calls, static call => Assert.Equal(3, call.Chunks));
    }

    // inference-perf#539: workers that share a random stream, or each begin the same one, ask the same.
    [Fact]
    public async Task Shared_random_streams_what_a_call_asks_does_not_hang_on_how_many_ask()
    {
        var options = new SyntheticOptions { Seed = 7, PromptTokens = LoadBench.Counts("lognormal:64,0.7"), OutputTokens = LoadBench.Counts("lognormal:8,0.7") };
        var asked = new List<(long, int, int)[]>();
        foreach (var concurrency in (int[])[1, 16])
        {
            await using var bench = LoadBench.Start(new MockOptions { FirstSeconds = Distribution.Constant(0), GapSeconds = Distribution.Constant(0) });
            await bench.Run(new SyntheticScripts(options), run => run with { Concurrency = concurrency, MostScripts = 64 });
            asked.Add([.. bench.Calls.OrderBy(static call => call.Number).Select(static call => (call.Number, call.PlannedPromptTokens, call.PlannedOutputTokens))]);
        }

        Assert.Equal(64, asked[0].Length);
        Assert.Equal(asked[0], asked[1]);
        Assert.True(asked[0].Select(static call => call.Item2).Distinct().Count() > 30);
    }

    // inference-perf#565, #577, vllm#44708: the client's count and the server's are not the same.
    [Fact]
    public async Task Token_mismatch_the_servers_usage_counts_and_the_own_count_stands_beside_it()
    {
        await using var bench = LoadBench.Start(new MockOptions { UsageFactor = 1.5, GapSeconds = Distribution.Constant(0), TokensPerChunk = 2 });
        var run = await bench.Closed(2, 6, tokens: 20);
        Assert.Equal((180L, 60L), (run.Measures.UsageTokens, run.Measures.OwnTokens));
        Assert.Equal(30, run.Measures.OutputTokens.Mean);
    }

    [Fact]
    public async Task Token_mismatch_without_usage_chunks_are_counted_and_it_is_told()
    {
        await using var bench = LoadBench.Start(new MockOptions { UsageFactor = 0, GapSeconds = Distribution.Constant(0) });
        var run = await bench.Closed(2, 6, tokens: 20);
        Assert.Equal((6L, 20.0), (run.Measures.WithoutUsage, run.Measures.OutputTokens.Mean));
    }

    // llm-d-benchmark#261: a loop that is late measures itself.
    [Fact]
    public async Task Late_loops_a_run_is_degraded_when_the_generators_threads_were_held_up()
    {
        using var health = new GeneratorHealth();

        // All threads of the pool are busy for a while, as they are when a generator has more to do than it can.
        using var free = new ManualResetEventSlim();
        var busy = Enumerable.Range(0, 4 * Environment.ProcessorCount + 32).Select(_ => Task.Run(() => free.Wait(Cancel), Cancel)).ToArray();
        await WaitUntil(() => health.LoopLag.Count > 0 || ThreadPool.PendingWorkItemCount > 20);
        await Task.Factory.StartNew(static () => Thread.Sleep(300), Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        free.Set();
        await Task.WhenAll(busy);
        await WaitUntil(() => health.LoopLag.Percentile(99) > GeneratorHealth.LongestLag);
        health.Stop();

        Assert.Contains(health.Degraded(Histogram.OfTimes()), static reason => reason.StartsWith("its loop was", StringComparison.Ordinal));
    }

    [Fact]
    public void Late_loops_lag_cores_and_loop_each_degrade_a_run_and_none_of_them_does_not()
    {
        var (quick, late) = (Histogram.OfTimes(), Histogram.OfTimes());
        quick.RecordValue(0.001);
        late.RecordValue(0.050);
        Assert.Empty(GeneratorHealth.Judge(quick, quick, 1.7, 2));
        Assert.Equal("calls started up to 50.0 ms late (p99)", Assert.Single(GeneratorHealth.Judge(late, quick, 1, 2)));
        Assert.Equal("its loop was up to 50.0 ms late (p99)", Assert.Single(GeneratorHealth.Judge(quick, late, 1, 2)));
        Assert.Equal("it took 1.90 of 2 cores", Assert.Single(GeneratorHealth.Judge(quick, quick, 1.9, 2)));
    }

    private static async Task WaitUntil(Func<bool> condition)
    {
        for (var i = 0; i < 1000 && !condition(); i++)
        {
            await Task.Delay(10, Cancel);
        }
    }
}
