using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>What a structure needs long for costs its own sequence, and nobody else.</summary>
public sealed class StructureWaitTests
{
    // Some 7,000 readings at each of its first letters: about twice a step's work for one mask.
    private const string Ambiguous = "([a-zA-Z0-9]?){7000}!";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sequence_whose_next_tokens_are_not_found_yet_sits_out_steps_and_delays_nobody()
    {
        var alone = new RecordingSink();
        using (var engine = Engine(alone, out _, out _))
        {
            engine.Submit(Structured(1, Ambiguous, 12));
            await Run(engine, () => Ended(alone, 1));
        }

        var sink = new RecordingSink();
        using var beside = Engine(sink, out var device, out var grammars);
        beside.Submit(EngineHarness.Request(2, 20, 3000));
        beside.Submit(Structured(1, Ambiguous, 12));
        var (steps, waited) = (0, 0);
        for (; steps < 3000 && !Ended(sink, 1); steps++)
        {
            var before = (Steps: device.Steps, Free: Tokens(sink, 2), Held: Tokens(sink, 1));
            beside.Step();
            beside.CheckIntegrity();
            Assert.Equal((before.Steps + 1, before.Free + 1), (device.Steps, Tokens(sink, 2)));
            waited += Tokens(sink, 1) == before.Held ? 1 : 0;
            if (waited % 16 == 15)
            {
                // The others' time: on a machine with one core they would never come.
                await Task.Yield();
            }
        }

        await Run(beside, () => Ended(sink, 1) && Ended(sink, 2));
        Assert.True(waited > 0, "it never had to wait");
        Assert.Equal(alone[1].Tokens, sink[1].Tokens);
        Assert.Equal(EngineHarness.Expected(2, 20, 3000), sink[2].Tokens);
        Assert.InRange(beside.MostMaskWork, 1, PendingMasks.WorkPerStep + (2 * Closure.MaxSeen));
        Assert.Equal(0, grammars.UsedBytes);
    }

    [Fact]
    public async Task What_ends_it_in_time_is_found_before_its_turn_too()
    {
        var sink = new RecordingSink();
        using var engine = Engine(sink, out _, out _);
        engine.Submit(Structured(1, "[a-z]{2}" + Ambiguous, 4));
        await Run(engine, () => Ended(sink, 1));
        Assert.Equal((FinishReason.Stop, 4), (sink[1].Finish, sink[1].Tokens.Count));
        Assert.InRange(engine.MostMaskWork, PendingMasks.WorkPerStep, PendingMasks.WorkPerStep + (2 * Closure.MaxSeen));
    }

    [Fact]
    public async Task Guessing_ahead_changes_no_token_where_the_next_ones_must_be_waited_for()
    {
        List<int>[] tokens = [[], []];
        for (var guesses = 0; guesses < 2; guesses++)
        {
            var sink = new RecordingSink();
            using var engine = new InferenceEngine(new CircleDevice(), new LetterTokenizer(), "test", sink, new CpuPowerModel(1));
            engine.Submit(new InferenceRequest
            {
                Id = 1,
                Prompt = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2, 3],
                MaxTokens = 40,
                SpeculativeTokens = 8 * guesses,
                Sampling = SamplingParameters.Greedy with { Structure = new OutputStructure(GrammarSource.Regex(@"([\x01\x03\x05\x07\x09]?[\x02\x04\x06\x08\x0a]?){3500}!")) },
            });
            await Run(engine, () => Ended(sink, 1));
            tokens[guesses] = sink[1].Tokens;
            Assert.Equal((FinishReason.Stop, 40), (sink[1].Finish, sink[1].Tokens.Count));
            Assert.True(engine.MostMaskWork >= PendingMasks.WorkPerStep, "it never had to wait");
        }

        Assert.Equal(tokens[0], tokens[1]);
    }

    [Fact]
    public async Task A_structure_that_is_too_ambiguous_ends_its_request_with_the_reason_and_no_other()
    {
        var sink = new RecordingSink();
        using var engine = Engine(sink, out _, out var grammars, new GrammarLimits { MaxMaskWork = 60_000 });
        engine.Submit(EngineHarness.Request(2, 20, 500));
        engine.Submit(Structured(1, Ambiguous, 12));
        engine.Submit(Structured(3, "[a-z]{5}", 12));
        await Run(engine, () => Ended(sink, 1) && Ended(sink, 2) && Ended(sink, 3));
        Assert.Equal(FinishReason.Refused, sink[1].Finish);
        Assert.Contains("too ambiguous", sink[1].Error, StringComparison.Ordinal);
        Assert.Contains("60000 steps, the limit here", sink[1].Error, StringComparison.Ordinal);
        Assert.Equal(EngineHarness.Expected(2, 20, 500), sink[2].Tokens);
        Assert.Equal((FinishReason.Stop, 6), (sink[3].Finish, sink[3].Tokens.Count));
        Assert.Equal(0, grammars.UsedBytes);
    }

    [Theory]
    [InlineData("(", FinishReason.Refused, "the group is not closed")]
    [InlineData(null, FinishReason.Error, "no such kind of grammar")]
    public async Task A_structure_that_cannot_be_compiled_ends_its_request(string? regex, FinishReason reason, string message)
    {
        var sink = new RecordingSink();
        using var engine = Engine(sink, out _, out var grammars);
        var source = regex is null ? GrammarSource.Of((GrammarKind)99, "") : GrammarSource.Regex(regex);
        engine.Submit(EngineHarness.Request(1, 4, 4) with { Sampling = SamplingParameters.Greedy with { Structure = new OutputStructure(source) } });
        await Run(engine, () => Ended(sink, 1));
        Assert.Equal(reason, sink[1].Finish);
        Assert.Contains(message, sink[1].Error, StringComparison.Ordinal);
        Assert.Equal(0, grammars.UsedBytes);
    }

    [Fact]
    public async Task A_structure_that_is_not_compiled_in_time_is_lost_and_not_refused()
    {
        var sink = new RecordingSink();
        using var engine = Engine(sink, out _, out _, new GrammarLimits { CompileTime = TimeSpan.FromTicks(1) });
        engine.Submit(Structured(1, "a[a-z]{9000}", 12));
        await Run(engine, () => Ended(sink, 1));
        Assert.Equal(FinishReason.Error, sink[1].Finish);
        Assert.Contains("was not compiled in time", sink[1].Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_text_of_a_structure_is_let_go_when_it_is_compiled()
    {
        var sink = new RequestSink();
        using var engine = Engine(sink, out _, out _);
        engine.Submit(Structured(1, "[a-z]{5}", 12));
        await Run(engine, () => sink.Last?.Finish == FinishReason.Stop);
        Assert.Equal("", sink.Last!.Value.Request.Sampling.Structure!.Source.Text);
    }

    [Theory]
    [InlineData("cancel", FinishReason.Cancelled)]
    [InlineData("deadline", FinishReason.Deadline)]
    [InlineData("stop", FinishReason.Error)]
    public async Task A_request_ends_while_its_structure_is_compiled(string how, FinishReason reason)
    {
        var sink = new RecordingSink();
        var limits = new GrammarLimits();

        // The one before it takes all room that there is, so that it is never compiled.
        var large = GrammarSource.Regex("a[a-z]{9000}");
        var bytes = Grammar.Compile(large, new TokenVocabulary(new LetterTokenizer())).Bytes;
        var grammars = new GrammarCache(new LetterTokenizer(), limits with { MaxBytes = bytes, CacheBytes = bytes });
        using var lease = await grammars.UseAsync(large, Stop);
        using var engine = new InferenceEngine(new HistoryDevice(64), new LetterTokenizer(), "test", sink, new CpuPowerModel(1), grammars: grammars);
        engine.Submit(Structured(1, "[a-z]{5}", 12) with { Deadline = how == "deadline" ? TimeSpan.FromMilliseconds(1) : null });
        engine.Step();
        if (how == "cancel")
        {
            engine.Cancel(1);
        }
        else if (how == "stop")
        {
            engine.Stop();
        }

        await Run(engine, () => Ended(sink, 1));
        Assert.Equal((reason, 0), (sink[1].Finish, sink[1].Tokens.Count));
        lease.Dispose();
        using var next = await grammars.UseAsync(GrammarSource.Regex("b"), Stop);
        Assert.Equal(next.Grammar.Bytes, grammars.UsedBytes);
    }

    private static InferenceEngine Engine(IEngineSink sink, out HistoryDevice device, out GrammarCache grammars, GrammarLimits? limits = null)
    {
        device = new HistoryDevice(512);
        grammars = new GrammarCache(new LetterTokenizer(), limits);
        return new InferenceEngine(device, new LetterTokenizer(), "test", sink, new CpuPowerModel(1), grammars: grammars);
    }

    private static InferenceRequest Structured(long id, string regex, int maxTokens) => EngineHarness.Request(id, 10, maxTokens) with
    {
        Sampling = SamplingParameters.Greedy with { Structure = new OutputStructure(GrammarSource.Regex(regex)) },
    };

    private static bool Ended(RecordingSink sink, long id) => sink.Records.TryGetValue(id, out var record) && record.Finish != FinishReason.None;

    private static int Tokens(RecordingSink sink, long id) => sink.Records.TryGetValue(id, out var record) ? record.Tokens.Count : 0;

    private sealed class RequestSink : IEngineSink
    {
        public SequenceOutput? Last { get; private set; }

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs) => Last = outputs.Length > 0 ? outputs[^1] : Last;
    }

    /// <summary>Steps until a condition holds; what other threads bring is waited for.</summary>
    private static async Task Run(InferenceEngine engine, Func<bool> until)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (!until())
        {
            if (!engine.Step())
            {
                await Task.Delay(1, deadline.Token);
            }

            engine.CheckIntegrity();
        }
    }
}
