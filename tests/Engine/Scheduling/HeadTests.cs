using Crescent.Engine.Devices;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>The head of a model guesses from the hidden states of its steps; what it guesses changes no token, and what it has seen is that of its sequence.</summary>
public sealed class HeadTests
{
    [Fact]
    public void A_head_that_is_right_gives_the_same_tokens_in_a_fifth_of_the_steps()
    {
        var (device, head, sink) = (new HistoryDevice(64), new MistakenDevice(new HeadDevice(64), 0), new RecordingSink());
        using var engine = Engine(device, sink, head);
        engine.Submit(Request(1, 20, 101));
        engine.Submit(Request(2, 20, 101));
        RunWell(engine);
        Assert.Equal(Expected(1, 20, 101), sink[1].Tokens);
        Assert.Equal(Expected(2, 20, 101), sink[2].Tokens);
        Assert.Equal(1 + 20, device.Steps);
        Assert.Equal(4 * 20, head.Steps);
        Assert.Equal(2, head.LargestBatch);
        Assert.Equal(new GuessCounts(160, 160, 0, 0, 160, 160), engine.Counters.Guesses);

        // Each position of the model once, but the last two, and a row for each further guess.
        Assert.Equal(2 * (20 + 101 - 6 + (3 * 20)), head.Tokens);
        var use = engine.State.Draft!.Value;
        Assert.Equal(("head", 64, 64), (use.Model, use.TotalBlocks, use.FreeBlocks));
        Assert.Equal(head.Tokens, use.Tokens);
    }

    [Fact]
    public void A_prompt_is_taken_in_as_it_is_computed_and_one_that_begins_alike_is_not_computed_again()
    {
        var inner = new HeadDevice(256, maxStepTokens: 64);
        var (device, head, sink) = (new HistoryDevice(256), new MistakenDevice(inner, 0), new RecordingSink());
        using var engine = Engine(device, sink, head, new EngineOptions { MaxStepTokens = 100 });
        engine.Submit(Request(1, 1000, 51));
        RunWell(engine);
        Assert.Equal(Expected(1, 1000, 51), sink[1].Tokens);
        Assert.Equal((40L, 40L), (engine.Counters.Guesses.DraftGuessed, engine.Counters.Guesses.DraftAccepted));
        Assert.InRange(head.MostTokens, 60, 64);
        var first = head.Tokens;
        engine.Submit(Request(1, 1000, 51) with { Id = 2 });
        RunWell(engine);
        Assert.Equal(Expected(1, 1000, 51), sink[2].Tokens);
        Assert.InRange(sink[2].Usage!.CachedTokens, 900, 999);
        Assert.Equal(80, engine.Counters.Guesses.DraftAccepted);
        Assert.InRange(head.Tokens - first, 50, 150);
        Assert.Equal(0, inner.LateRows);
    }

    [Fact]
    public void Where_a_cache_spares_the_model_what_the_head_has_not_seen_it_begins_behind_that()
    {
        var head = new HeadDevice(256);
        var sink = new RecordingSink();
        using var engine = Engine(new HistoryDevice(256), sink, head);
        engine.Submit(Request(1, 200, 21) with { DraftTokens = 0 });
        RunWell(engine);
        Assert.Equal(0, engine.Counters.GuessedTokens);
        engine.Submit(Request(1, 200, 101) with { Id = 2 });
        RunWell(engine);
        Assert.Equal(Expected(1, 200, 101), sink[2].Tokens);
        Assert.InRange(sink[2].Usage!.CachedTokens, 176, 199);
        Assert.Equal(80, engine.Counters.Guesses.DraftAccepted);
        Assert.InRange(head.LateRows, 100, 250);

        // And what it has of that from its own beginning on is nobody else's.
        engine.Submit(Request(1, 200, 101) with { Id = 3 });
        RunWell(engine);
        Assert.Equal(Expected(1, 200, 101), sink[3].Tokens);
        Assert.Equal(160, engine.Counters.Guesses.DraftAccepted);
    }

    [Fact]
    public void A_head_that_is_mostly_wrong_is_asked_seldom_and_goes_on_taking_in_what_comes()
    {
        var (head, sink) = (new MistakenDevice(new HeadDevice(128), 0.97), new RecordingSink());
        using var engine = Engine(new HistoryDevice(128), sink, head);
        engine.Submit(Request(1, 20, 600));
        RunWell(engine);
        Assert.Equal(Expected(1, 20, 600), sink[1].Tokens);
        Assert.InRange(engine.Counters.GuessedTokens, 10, 120);

        // While it rests, many positions are taken in at once.
        Assert.InRange(head.Tokens, 550, 900);
        Assert.InRange(head.Steps, 20, 150);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_new_sequence_trusts_its_guesses_as_those_before_it_could(bool ownHead)
    {
        long Guessed(double mistakes)
        {
            var sink = new RecordingSink();
            using var engine = Engine(new HistoryDevice(128), sink, ownHead ? new MistakenDevice(new HeadDevice(128), mistakes) : new MistakenDevice(new HistoryDevice(128), mistakes, seconds: 1e-5));
            for (var id = 1; id <= 6; id++)
            {
                engine.Submit(Request(id, 20, 31));
                RunWell(engine);
                Assert.Equal(Expected(id, 20, 31), sink[id].Tokens);
            }

            return engine.Counters.GuessedTokens;
        }

        // One alone makes some 28 guesses before it gives up; each that comes later has about one.
        Assert.InRange(Guessed(0.99), 20, 70);
        Assert.Equal(6 * 24, Guessed(0));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 2)]
    [InlineData(16, 9)]
    [InlineData(null, 4)]
    public void A_request_may_say_how_many_tokens_are_guessed(int? asked, int most)
    {
        var (device, head) = (new HistoryDevice(64), new MistakenDevice(new HeadDevice(64), 0));
        var largest = 0;
        device.BeforeStep = plan => largest = Math.Max(largest, plan.LogitsRowCount - 1);
        using var engine = Engine(device, new RecordingSink(), head);
        engine.Submit(Request(1, 20, 11) with { DraftTokens = asked });
        RunWell(engine);
        Assert.Equal(most, largest);
        Assert.Equal(asked == 0, head.Steps == 0);
    }

    [Fact]
    public void A_head_that_throws_is_asked_no_more_and_ends_nothing()
    {
        foreach (var steps in (int[])[0, 1, 4])
        {
            var (head, sink, faults) = (new MistakenDevice(new HeadDevice(64), 0), new RecordingSink(), new List<RequestFault>());
            using var engine = Engine(new HistoryDevice(64), sink, head);
            engine.RequestFailed = faults.Add;
            engine.Submit(Request(1, 60, 60));
            for (var step = 0; step < steps; step++)
            {
                engine.Step();
            }

            head.Throws = new InvalidOperationException("the head is sick");
            Run(engine);
            Assert.Equal(Expected(1, 60, 60), sink[1].Tokens);
            Assert.Contains("head", Assert.Single(faults).Doing, StringComparison.Ordinal);
            engine.Submit(Request(2, 20, 30));
            Run(engine);
            Assert.Equal(Expected(2, 20, 30), sink[2].Tokens);
        }
    }

    [Fact]
    public void A_head_of_another_model_is_refused() =>
        Assert.Contains("no head", Assert.Throws<ArgumentException>(() => Engine(new HistoryDevice(64), new RecordingSink(), new HeadDevice(64, vocabulary: 100))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Any_mix_with_scarce_blocks_in_both_forks_look_ups_states_tiers_and_cancelled_requests_keeps_every_token(bool states)
    {
        var (accepted, wrong, preempted, cancelled, late, cached) = (0L, 0L, 0L, 0, 0L, 0L);
        (from blocks in Gen.Int[12, 60]
         from headBlocks in Gen.Int[4, 60]
         from headTokens in Gen.Int[20, 80]
         from slots in Gen.Int[2, 12]
         from host in Gen.Int[0, 60]
         from budget in Gen.Int[5, 60]
         from running in Gen.Int[1, 10]
         from mistakes in Gen.Int[0, 4]
         from requests in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 90], Gen.Int[1, 50], Gen.Int[0, 40], Gen.Int[0, 60]).Array[2, 14]
         select (blocks, headBlocks, headTokens, slots, host, budget, running, mistakes, requests)).Sample(
            workload =>
            {
                var (sink, random) = (new RecordingSink(), new Random(workload.budget));
                var inner = new HeadDevice(workload.headBlocks, maxStepTokens: workload.headTokens);
                var options = new EngineOptions { MaxStepTokens = workload.budget, MaxRunning = workload.running, HostBlocks = workload.host < 4 ? 0 : workload.host };
                using var engine = Engine(new HistoryDevice(workload.blocks, states: states ? workload.slots : 0), sink, new MistakenDevice(inner, workload.mistakes * 0.2), options);
                var prompts = workload.requests.Select((r, id) => (int[])[.. Prompt(r.Item1, r.Item2), 1 + id]).ToArray();
                var submitted = 0;
                for (var step = 0; submitted < prompts.Length || engine.State.Running + engine.State.Waiting > 0; step++)
                {
                    for (var id = 0; id < prompts.Length; id++)
                    {
                        var (_, _, max, at, extra) = workload.requests[id];
                        if (at == step)
                        {
                            submitted++;
                            engine.Submit(new InferenceRequest
                            {
                                Id = id,
                                Prompt = prompts[id],
                                MaxTokens = max,
                                SpeculativeTokens = extra % 7 == 0 ? 3 : 0,
                                DraftTokens = extra % 5 == 0 ? extra % 17 : null,
                                KvSource = KvSource.OfFork(!states && extra % 3 == 0 ? extra % prompts.Length : null),
                                Priority = (RequestPriority)(extra % 3),
                                CacheSalt = extra % 7 == 0 ? "salt" : null,
                            });
                        }
                    }

                    if (random.Next(30) == 0)
                    {
                        engine.Cancel(random.Next(prompts.Length));
                    }

                    engine.Step();
                    engine.CheckIntegrity();
                    Assert.True(step < 20_000, "the engine makes no progress");
                }

                RunWell(engine);
                for (var id = 0; id < prompts.Length; id++)
                {
                    var expected = Continuation(prompts[id], workload.requests[id].Item3);
                    cancelled += sink[id].Finish == FinishReason.Cancelled ? 1 : 0;
                    cached += sink[id].Usage?.CachedTokens ?? 0;
                    Assert.Equal(sink[id].Finish == FinishReason.Cancelled ? expected.Take(sink[id].Tokens.Count) : expected, sink[id].Tokens);
                }

                Assert.Equal((workload.headBlocks, 0L), (engine.State.Draft!.Value.FreeBlocks, engine.LeftOver));
                accepted += engine.Counters.Guesses.DraftAccepted;
                wrong += engine.Counters.Guesses.DraftGuessed - engine.Counters.Guesses.DraftAccepted;
                preempted += engine.Preemptions;
                late += inner.LateRows;
            },
            iter: 120,
            threads: 1);
        Assert.True(
            accepted > 0 && wrong > 0 && preempted > 0 && cancelled > 0 && late > 0 && cached > 0,
            $"{accepted} accepted, {wrong} wrong, {preempted} preempted, {cancelled} cancelled, {late} late, {cached} cached");
    }

    /// <summary>Runs to the end; what the head finds wrong is no fault of a request.</summary>
    private static void RunWell(InferenceEngine engine)
    {
        var faults = new List<string>();
        engine.RequestFailed = fault => faults.Add($"{fault.Doing}: {fault.Fault}");
        Run(engine);
        Assert.Empty(faults);
        Assert.Equal(0, engine.Counters.Faults);
    }

    private static InferenceEngine Engine(IDevice device, IEngineSink sink, IDevice head, EngineOptions? options = null) =>
        new(device, new LetterTokenizer(), "test", sink, new CpuPowerModel(1), options, draft: new DraftModel(head, "head"));
}
