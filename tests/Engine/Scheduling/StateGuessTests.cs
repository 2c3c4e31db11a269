using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using CsCheck;
using static Crescent.Tests.Engine.Scheduling.EngineHarness;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Guesses on models with states: whatever of them comes true, the state goes on behind just that.</summary>
public sealed class StateGuessTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Any_guesses_batch_preemption_cancel_and_tier_change_no_token()
    {
        var (accepted, wrong, preempted, cancelled, copied) = (0L, 0L, 0L, 0, 0L);
        (from blocks in Gen.Int[12, 60]
         from states in Gen.Int[2, 12]
         from host in Gen.Int[0, 60]
         from late in Gen.Int[0, 2]
         from budget in Gen.Int[5, 60]
         from running in Gen.Int[1, 8]
         from mistakes in Gen.Int[0, 4]
         from requests in Gen.Select(Gen.Int[0, 3], Gen.Int[0, 90], Gen.Int[1, 50], Gen.Int[0, 40], Gen.Int[0, 60]).Array[2, 12]
         select (blocks, states, host, late, budget, running, mistakes, requests)).Sample(
            workload =>
            {
                var (sink, random) = (new RecordingSink(), new Random(workload.budget));
                IDevice device = new HistoryDevice(workload.blocks, states: workload.states);
                device = workload.late > 0 ? new LateDevice(device, workload.late, []) : device;
                var draft = new MistakenDevice(new HistoryDevice(200), workload.mistakes * 0.2);
                var options = new EngineOptions { MaxStepTokens = workload.budget, MaxRunning = workload.running, HostBlocks = workload.host < 4 ? 0 : workload.host };
                using var engine = Engine(device, sink, draft, options);
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
                                Priority = (RequestPriority)(extra % 3),
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

                Assert.Equal(0, engine.LeftOver);
                accepted += engine.Counters.Guesses.DraftAccepted;
                wrong += engine.Counters.Guesses.DraftGuessed - engine.Counters.Guesses.DraftAccepted;
                preempted += engine.Preemptions;
                copied += engine.Counters.HostHitTokens;
            },
            iter: 200,
            threads: 1);
        Assert.True(
            accepted > 0 && wrong > 0 && preempted > 0 && cancelled > 0 && copied > 0,
            $"{accepted} accepted, {wrong} wrong, {preempted} preempted, {cancelled} cancelled, {copied} copied");
    }

    [Theory]
    [InlineData("qwen35")]
    [InlineData("lfm2")]
    [InlineData("granitehybrid")]
    [InlineData("nemotron_h")]
    public async Task Whatever_is_guessed_a_model_says_the_same(string name)
    {
        const int Prompt = 50, Answer = 60;
        using var model = new RealModel(
            TestFiles.Shared("arch", $"{name}.gguf"), model => new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1, KvBlocks = 60, StateSlots = 8 }));
        var prompt = model.Encode(string.Concat(Enumerable.Repeat("a b c d e ", 40)))[..Prompt];
        SamplingParameters[] ways =
        [
            SamplingParameters.Greedy,
            new() { Temperature = 0.9f, TopP = 0.9f, Seed = 7 },
            new() { RepetitionPenalty = 1.3f, FrequencyPenalty = 0.4f, PresencePenalty = 0.2f },
            new() { Temperature = 1, Seed = 3, TopLogprobs = 3 },
            new() { Structure = new OutputStructure(GrammarSource.Regex("[a-z ]{200}")) },
            new() { Structure = new OutputStructure(GrammarSource.Regex("(a b c d e ){5}")) },
        ];
        var found = 0L;
        foreach (var way in ways)
        {
            var request = new InferenceRequest { Id = 1, Prompt = prompt, MaxTokens = Answer, IgnoreEndOfGeneration = true, Sampling = way };
            var alone = await Serve(model, request, null);
            int[] text = [.. prompt, .. alone.Tokens];
            foreach (var wrongEach in (int[])[2, 3, 5, int.MaxValue])
            {
                var guessed = await Serve(model, request, new OracleDevice(model.Device().Info.VocabularySize, text, wrongEach));
                Assert.Equal(alone.Tokens, guessed.Tokens);
                Assert.Equal(alone.Logprobs, guessed.Logprobs);
                Assert.True(guessed.Accepted > 0 && (wrongEach > 5 || guessed.Accepted < guessed.Guessed), $"{guessed.Accepted} of {guessed.Guessed}");
            }

            var lookedUp = await Serve(model, request with { SpeculativeTokens = 6 }, null);
            Assert.Equal(alone.Tokens, lookedUp.Tokens);
            Assert.Equal(alone.Logprobs, lookedUp.Logprobs);
            found += lookedUp.Found;
        }

        Assert.True(found > 0, "nothing that was looked up came true");
    }

    [Fact]
    public void A_talk_with_guesses_goes_on_from_no_more_than_some_blocks_before_its_end()
    {
        var device = new HistoryDevice(blocks: 400, states: 16);
        var sink = new RecordingSink();
        using var engine = Engine(device, sink, new MistakenDevice(new HistoryDevice(400), 0.1), new EngineOptions());
        var talk = new List<int>();
        for (var turn = 0; turn < 12; turn++)
        {
            talk.AddRange(Prompt(turn, 30));
            engine.Submit(new InferenceRequest { Id = turn, Prompt = [.. talk], MaxTokens = 100, DraftTokens = 3 + turn });
            Run(engine);
            Assert.InRange(sink[turn].Usage!.CachedTokens, turn == 0 ? 0 : talk.Count - 30 - 112, talk.Count);
            talk.AddRange(sink[turn].Tokens);
        }

        Assert.Equal(Continuation([.. talk[..^100]], 100), talk[^100..]);
        Assert.True(engine.Counters.Guesses.DraftAccepted > 0);
    }

    [Fact]
    public void Guesses_never_take_a_state_that_another_needs()
    {
        var device = new HistoryDevice(blocks: 400, states: 4);
        var sink = new RecordingSink();
        using var engine = Engine(device, sink, new MistakenDevice(new HistoryDevice(400), 0), new EngineOptions { PrefixCache = false });
        var most = 0;
        for (var id = 1; id <= 4; id++)
        {
            engine.Submit(Request(id, 30, 200));
            engine.Step();
            engine.Step();
            most = Math.Max(most, engine.State.Running);
        }

        Assert.Equal(4, most);
        Run(engine);
        Assert.All(Enumerable.Range(1, 4), id => Assert.Equal(Expected(id, 30, 200), sink[id].Tokens));
        Assert.True(engine.Counters.Guesses.DraftAccepted > 0);
    }

    [Fact]
    public async Task What_must_be_waited_for_lets_a_state_see_no_token_twice()
    {
        // At each of its first letters some 7,000 readings: more than a step's work, so that the prompt is through before they are found.
        var structure = new OutputStructure(GrammarSource.Regex("([a-zA-Z0-9]?){7000}!"));
        var grammars = new GrammarCache(new LetterTokenizer());
        using var compiled = await grammars.UseAsync(structure.Source, Stop);
        var sinks = new RecordingSink[2];
        for (var states = 0; states < 2; states++)
        {
            var sink = sinks[states] = new RecordingSink();
            using var engine = new InferenceEngine(
                new HistoryDevice(64, states: 4 * states), new LetterTokenizer(), "test", sink, new CpuPowerModel(1), new EngineOptions { MaxStepTokens = 24 }, grammars: grammars);
            engine.Submit(Request(1, 40, 12) with { Sampling = SamplingParameters.Greedy with { Structure = structure } });
            engine.Submit(Request(2, 20, 200));
            await Until(engine, sink, 2);
        }

        Assert.Equal(sinks[0][1].Tokens, sinks[1][1].Tokens);
        Assert.Equal(sinks[0][2].Tokens, sinks[1][2].Tokens);
    }

    private static async Task<(List<int> Tokens, List<string> Logprobs, long Guessed, long Accepted, long Found)> Serve(RealModel model, InferenceRequest request, IDevice? draft)
    {
        var sink = new RecordingSink();
        using var engine = model.Engine(model.Device(), sink, draft: draft);
        engine.Submit(request);
        await Until(engine, sink, 1);
        Assert.Null(sink[1].Error);
        var guesses = engine.Counters.Guesses;
        return (sink[1].Tokens, sink[1].Logprobs, guesses.DraftGuessed, guesses.DraftAccepted, guesses.NGramAccepted);
    }

    private static async Task Until(InferenceEngine engine, RecordingSink sink, int ended)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (sink.Records.Values.Count(static record => record.Finish != FinishReason.None) < ended)
        {
            if (!engine.Step())
            {
                await Task.Delay(1, deadline.Token);
            }

            engine.CheckIntegrity();
        }
    }

    private static InferenceEngine Engine(IDevice device, IEngineSink sink, IDevice draft, EngineOptions options) =>
        new(device, new LetterTokenizer(), "test", sink, new CpuPowerModel(1), options, draft: new DraftModel(draft, "draft"));
}
