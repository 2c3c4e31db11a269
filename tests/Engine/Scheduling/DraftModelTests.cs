using Crescent.Engine.Devices;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>A draft model guesses for all sequences together, in blocks of its own; what it guesses changes no token.</summary>
public sealed class DraftModelTests
{
    [Fact]
    public void A_draft_that_is_right_gives_the_same_tokens_in_a_fifth_of_the_steps()
    {
        var (device, draft, sink) = (new HistoryDevice(64), new MistakenDevice(new HistoryDevice(64), 0), new RecordingSink());
        using var engine = Engine(device, sink, draft);
        engine.Submit(Request(1, 20, 101));
        engine.Submit(Request(2, 20, 101));
        Run(engine);
        Assert.Equal(Expected(1, 20, 101), sink[1].Tokens);
        Assert.Equal(Expected(2, 20, 101), sink[2].Tokens);

        // The prompts, then four guesses and a token more in each step; four passes of the draft for both together.
        Assert.Equal(1 + 20, device.Steps);
        Assert.Equal(4 * 20, draft.Steps);
        Assert.Equal(2, draft.LargestBatch);
        Assert.Equal(new GuessCounts(160, 160, 0, 0, 160, 160), engine.Counters.Guesses);
        var use = engine.State.Draft!.Value;
        Assert.Equal(("draft", 64, 64), (use.Model, use.TotalBlocks, use.FreeBlocks));
        Assert.Equal(draft.Tokens, use.Tokens);
        Assert.Equal(0.001 * draft.Steps, use.Seconds, 1e-9);
    }

    [Fact]
    public void Nothing_is_computed_while_a_step_is_planned()
    {
        var draft = new MistakenDevice(new HistoryDevice(64), 0);
        var (device, planned) = (new HistoryDevice(64), new List<int>());
        using var engine = Engine(device, new RecordingSink(), draft);
        device.BeforeStep = plan => planned.Add(draft.Steps);
        engine.Submit(Request(1, 20, 11));
        Run(engine);

        // All passes of a step come before it, and it is begun once with all of their guesses.
        Assert.Equal([0, 4, 8], planned);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(2, 2)]
    [InlineData(16, 9)]
    [InlineData(null, 4)]
    public void A_request_may_say_how_many_tokens_are_guessed(int? asked, int most)
    {
        var (device, draft) = (new HistoryDevice(64), new MistakenDevice(new HistoryDevice(64), 0));
        var largest = 0;
        device.BeforeStep = plan => largest = Math.Max(largest, plan.LogitsRowCount - 1);
        using var engine = Engine(device, new RecordingSink(), draft);

        // Ten tokens: the first is the prompt's, and the last is never computed.
        engine.Submit(Request(1, 20, 11) with { DraftTokens = asked });
        Run(engine);
        Assert.Equal(most, largest);
        Assert.Equal(asked == 0, draft.Steps == 0);
    }

    [Fact]
    public void A_long_prompt_is_caught_up_with_in_chunks_and_one_that_begins_alike_is_not_computed_again()
    {
        var (device, draft, sink) = (new HistoryDevice(256), new MistakenDevice(new HistoryDevice(256), 0), new RecordingSink());
        using var engine = Engine(device, sink, draft);
        engine.Submit(Request(1, 1000, 120));
        Run(engine);
        Assert.Equal(Expected(1, 1000, 120), sink[1].Tokens);
        var first = draft.Tokens;
        Assert.InRange(first, 1000, 1300);

        // 50 ms are promised and a chunk has a quarter of that; a step of this device is taken to be a millisecond whatever it has.
        Assert.InRange(draft.MostTokens, 64, 512);
        engine.Submit(Request(1, 1000, 40) with { Id = 2 });
        Run(engine);
        Assert.Equal(Expected(1, 1000, 40), sink[2].Tokens);
        Assert.InRange(draft.Tokens - first, 40, 120);
    }

    [Fact]
    public void A_draft_goes_back_behind_a_wrong_guess_and_is_right_again()
    {
        var (device, draft, sink) = (new HistoryDevice(128), new MistakenDevice(new HistoryDevice(128), 0.2, seconds: 1e-5), new RecordingSink());
        using var engine = Engine(device, sink, draft);
        engine.Submit(Request(1, 20, 600));
        engine.Submit(Request(2, 20, 600));
        Run(engine);
        Assert.Equal(Expected(1, 20, 600), sink[1].Tokens);
        Assert.Equal(Expected(2, 20, 600), sink[2].Tokens);

        // Each of four guesses is right if it and those before it are: 2.4 in the mean. What follows from a wrong history is never right.
        Assert.InRange(device.Steps, 600 / 5, 600 / 2);
    }

    [Fact]
    public void A_draft_that_is_mostly_wrong_is_asked_seldom()
    {
        var (device, draft, sink) = (new HistoryDevice(64), new MistakenDevice(new HistoryDevice(64), 0.95), new RecordingSink());
        using var engine = Engine(device, sink, draft);
        engine.Submit(Request(1, 20, 600));
        Run(engine);
        Assert.Equal(Expected(1, 20, 600), sink[1].Tokens);
        Assert.InRange(engine.Counters.GuessedTokens, 10, 120);
    }

    [Fact]
    public void A_draft_that_throws_is_asked_no_more_and_ends_nothing()
    {
        var (draft, sink, faults) = (new MistakenDevice(new HistoryDevice(64), 0), new RecordingSink(), new List<RequestFault>());
        using var engine = Engine(new HistoryDevice(64), sink, draft);
        engine.RequestFailed = faults.Add;
        engine.Submit(Request(1, 20, 60));
        for (var step = 0; step < 4; step++)
        {
            engine.Step();
        }

        draft.Throws = new InvalidOperationException("the draft's device is sick");
        Run(engine);
        Assert.Equal(Expected(1, 20, 60), sink[1].Tokens);
        Assert.Contains("draft model", Assert.Single(faults).Doing, StringComparison.Ordinal);
        Assert.Equal(1, engine.Counters.Faults);

        // Those that come now have no draft at all: not even what is given goes ahead as guesses.
        var guessed = engine.Counters.GuessedTokens;
        var request = Request(2, 20, 30);
        engine.Submit(request with { Sampling = request.Sampling with { Given = [.. Expected(2, 20, 12)] } });
        Run(engine);
        Assert.Equal(Expected(2, 20, 30), sink[2].Tokens);
        Assert.Equal(guessed, engine.Counters.GuessedTokens);
    }

    [Fact]
    public void A_draft_that_has_no_memory_is_asked_no_more_either()
    {
        var (draft, sink) = (new MistakenDevice(new HistoryDevice(64), 0), new RecordingSink());
        using var engine = Engine(new HistoryDevice(64), sink, draft);
        engine.Submit(Request(1, 20, 60));
        for (var step = 0; step < 4; step++)
        {
            engine.Step();
        }

        draft.Throws = new InsufficientMemoryException();
        Assert.ThrowsAny<OutOfMemoryException>(() => Run(engine));
        draft.Throws = null;
        var steps = draft.Steps;
        Run(engine);
        Assert.Equal(Expected(1, 20, 60), sink[1].Tokens);
        Assert.Equal(steps, draft.Steps);
    }

    [Fact]
    public void A_draft_whose_guesses_find_no_blocks_is_not_asked_at_every_step()
    {
        var (device, draft, sink) = (new HistoryDevice(6, blockSize: 32), new MistakenDevice(new HistoryDevice(64), 0), new RecordingSink());
        using var engine = Engine(device, sink, draft, new EngineOptions { Watermark = 0 });

        // The first has four blocks to its end; the second goes on for fourteen tokens in its two, and finds no third one for its guesses.
        engine.Submit(Request(1, 97, 31) with { DraftTokens = 0 });
        engine.Submit(Request(2, 50, 60) with { DraftTokens = 16 });
        while (engine.Preemptions == 0)
        {
            Assert.True(engine.Step(), "nobody has lost blocks");
        }

        Assert.InRange(draft.Steps, 1, 16);
        Assert.InRange(sink[2].Tokens.Count, 12, 16);
        Run(engine);
        Assert.Equal(Expected(1, 97, 31), sink[1].Tokens);
        Assert.Equal(Expected(2, 50, 60), sink[2].Tokens);
    }

    [Fact]
    public void A_bias_of_a_token_that_the_draft_does_not_know_is_left_to_the_model()
    {
        var (draft, sink) = (new MistakenDevice(new HistoryDevice(64, vocabulary: 100), 0), new RecordingSink());
        using var engine = Engine(new HistoryDevice(64), sink, draft);
        int[] prompt = [1, 2, Enumerable.Range(1, 99).First(static last => Continuation([1, 2, last], 8).TrueForAll(static token => token < 100))];
        var request = new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = 8 };
        engine.Submit(request with { Sampling = request.Sampling with { LogitBias = new Dictionary<int, float> { [110] = 0.5f } } });
        Run(engine);
        Assert.Equal((0, 0L), (draft.Steps, engine.Counters.Faults));
        engine.Submit(request with { Id = 2 });
        Run(engine);
        Assert.Equal(Continuation(prompt, 8), sink[1].Tokens);
        Assert.Equal(Continuation(prompt, 8), sink[2].Tokens);
        Assert.True(draft.Steps > 0, "the draft has not guessed for the other either");
    }

    [Fact]
    public void A_sequence_longer_than_the_draft_goes_on_without_and_gives_its_blocks_back()
    {
        var (draft, sink) = (new MistakenDevice(new HistoryDevice(64, maxContext: 64), 0), new RecordingSink());
        using var engine = Engine(new HistoryDevice(64), sink, draft);
        engine.Submit(Request(1, 20, 120));
        while (engine.Counters.OutputTokens < 30)
        {
            engine.Step();
        }

        Assert.True(engine.State.Draft!.Value.FreeBlocks < 64, "the draft has no blocks of it");
        while (engine.Counters.OutputTokens < 60)
        {
            engine.Step();
        }

        Assert.Equal(64, engine.State.Draft!.Value.FreeBlocks);
        Run(engine);
        Assert.Equal(Expected(1, 20, 120), sink[1].Tokens);
    }

    [Fact]
    public void A_guess_that_comes_true_and_ends_its_sequence_counts_as_right()
    {
        var (draft, sink) = (new MistakenDevice(new HistoryDevice(64), 0), new RecordingSink());
        using var engine = Engine(new HistoryDevice(64), sink, draft);
        var expected = Expected(1, 20, 3);
        Assert.Equal(3, expected.Distinct().Count());
        engine.Submit(Request(1, 20, 11) with { StopTokens = [expected[2]] });
        Run(engine);
        Assert.Equal((FinishReason.Stop, 3), (sink[1].Finish, sink[1].Tokens.Count));
        Assert.Equal(new GuessCounts(4, 2, 0, 0, 4, 2), engine.Counters.Guesses);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(17)]
    public void More_guesses_than_there_can_be_are_refused(int tokens)
    {
        using var engine = Engine(new HistoryDevice(64), new RecordingSink(), new HistoryDevice(64));
        var refused = Assert.Throws<RequestRefusedException>(() => engine.Submit(Request(1, 20, 8) with { DraftTokens = tokens }));
        Assert.Equal(RefusalReason.Invalid, refused.Reason);
        Assert.Contains("DraftTokens", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sequence_with_tokens_that_the_draft_does_not_know_goes_on_without()
    {
        var (draft, sink) = (new MistakenDevice(new HistoryDevice(64, vocabulary: 100), 0), new RecordingSink());
        using var engine = Engine(new HistoryDevice(64), sink, draft);
        engine.Submit(new InferenceRequest { Id = 1, Prompt = [1, 2, 110], MaxTokens = 30 });
        engine.Submit(new InferenceRequest { Id = 2, Prompt = [1, 2, 3], MaxTokens = 30 });
        Run(engine);
        Assert.Equal(Continuation([1, 2, 110], 30), sink[1].Tokens);
        Assert.Equal(Continuation([1, 2, 3], 30), sink[2].Tokens);
        Assert.InRange(draft.LargestBatch, 0, 1);
        Assert.Equal(0, engine.Counters.Faults);
    }

    [Fact]
    public void What_a_draft_computes_is_charged_to_the_requests()
    {
        double Joules(int? tokens)
        {
            var sink = new RecordingSink();
            using var engine = Engine(new HistoryDevice(64), sink, new MistakenDevice(new HistoryDevice(64), 0));
            engine.Submit(Request(1, 20, 101) with { DraftTokens = tokens });
            Run(engine);
            return sink[1].Usage!.Joules;
        }

        // A step of either device takes a millisecond: 101 steps, or 21 and 80 passes.
        Assert.Equal(Joules(0), Joules(null), 1e-9);
    }

    [Fact]
    public void A_model_with_states_cannot_be_a_draft()
    {
        var states = new StateDevice(new HistoryDevice(64));
        Assert.Contains("states", Assert.Throws<ArgumentException>(() => Engine(new HistoryDevice(64), new RecordingSink(), states)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_mix_with_scarce_blocks_in_both_models_forks_look_ups_and_cancelled_requests_keeps_every_token()
    {
        var (accepted, wrong, preempted, cancelled) = (0L, 0L, 0L, 0);
        (from blockSize in Gen.Int[3, 5].Select(static shift => 1 << shift)
         from blocks in Gen.Int[16, 50].Select(sixteens => (sixteens * 16) / blockSize)
         from draftBlocks in Gen.Int[4, 60]
         from window in Gen.Int[0, 40]
         from budget in Gen.Int[4, 80]
         from running in Gen.Int[1, 10]
         from mistakes in Gen.Int[0, 4]
         from requests in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 100], Gen.Int[1, 40], Gen.Int[0, 30], Gen.Int[0, 60]).Array[2, 14]
         select (blockSize, blocks, draftBlocks, window, budget, running, mistakes, requests)).Sample(
            workload =>
            {
                var (sink, random) = (new RecordingSink(), new Random(workload.budget));
                KvReach[] windows = workload.window > 8 ? [new KvReach(workload.window)] : [];
                var draft = new MistakenDevice(new HistoryDevice(workload.draftBlocks, windows: windows), workload.mistakes * 0.2);
                using var engine = Engine(
                    new HistoryDevice(workload.blocks, blockSize: workload.blockSize), sink, draft,
                    new EngineOptions { MaxStepTokens = workload.budget, MaxRunning = workload.running });
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
                                KvSource = KvSource.OfFork(extra % 3 == 0 ? extra % prompts.Length : null),
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

                Run(engine);
                for (var id = 0; id < prompts.Length; id++)
                {
                    var expected = Continuation(prompts[id], workload.requests[id].Item3);
                    cancelled += sink[id].Finish == FinishReason.Cancelled ? 1 : 0;
                    Assert.Equal(sink[id].Finish == FinishReason.Cancelled ? expected.Take(sink[id].Tokens.Count) : expected, sink[id].Tokens);
                }

                Assert.Equal((workload.draftBlocks, 0L), (engine.State.Draft!.Value.FreeBlocks, engine.LeftOver));
                accepted += engine.Counters.Guesses.DraftAccepted;
                wrong += engine.Counters.Guesses.DraftGuessed - engine.Counters.Guesses.DraftAccepted;
                preempted += engine.Preemptions;
            },
            iter: 150,
            threads: 1);
        Assert.True(accepted > 0 && wrong > 0 && preempted > 0 && cancelled > 0, $"{accepted} accepted, {wrong} wrong, {preempted} preempted, {cancelled} cancelled");
    }

    private static InferenceEngine Engine(IDevice device, IEngineSink sink, IDevice draft, EngineOptions? options = null) =>
        new(device, new LetterTokenizer(), "test", sink, new CpuPowerModel(1), options, draft: new DraftModel(draft, "draft"));

    /// <summary>Another device that says that it keeps states.</summary>
    private sealed class StateDevice(IDevice device) : IDevice
    {
        public DeviceInfo Info { get; } = device.Info with { StateSlots = 8 };

        public void Begin(StepPlan plan) => device.Begin(plan);

        public StepResult End() => device.End();

        public void Dispose() => device.Dispose();
    }
}
