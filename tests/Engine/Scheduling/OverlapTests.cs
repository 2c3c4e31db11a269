using System.Collections.Frozen;
using Crescent.Engine.Devices;
using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using CsCheck;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>While a device works at a step, its engine puts out the one before and plans the one after; no token is another for it.</summary>
public sealed class OverlapTests
{
    private const int Requests = 24;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void While_a_step_is_in_flight_the_next_is_planned_and_the_one_before_is_made_text_and_put_out()
    {
        var events = Run(stepsInFlight: 2, maxTokens: 8, out _);

        // Step n is in flight from its beginning to its end.
        for (var n = 2; n < 6; n++)
        {
            Assert.Equal(
                [$"begin {n + 1}", "text", "text", "emit", $"end {n}", $"draw {n + 1}"],
                events[events.IndexOf($"begin {n + 1}")..(events.IndexOf($"draw {n + 1}") + 1)]);
        }
    }

    [Fact]
    public void A_device_that_takes_one_step_has_it_before_the_last_one_is_put_out()
    {
        var events = Run(stepsInFlight: 1, maxTokens: 8, out _);
        for (var n = 1; n < 8; n++)
        {
            Assert.Equal([$"begin {n}", "text", "text", "emit", $"end {n}"], events[events.IndexOf($"begin {n}")..(events.IndexOf($"end {n}") + 1)]);
        }
    }

    [Fact]
    public void What_ends_at_its_limit_takes_part_in_no_step_too_many()
    {
        Run(stepsInFlight: 2, maxTokens: 8, out var steps);
        Assert.Equal(8, steps);
    }

    [Theory]
    [InlineData(0, null, true)]
    [InlineData(4, null, false)]
    [InlineData(0, "[\\x01-\\x7F]{20}", false)]
    public async Task What_guesses_or_has_a_structure_has_each_of_its_tokens_known_before_the_next_is_planned(int guesses, string? regex, bool ahead)
    {
        var device = new LateDevice(new HistoryDevice(64), 2, []);
        var sink = new RecordingSink();
        using var engine = EngineHarness.EngineOver(device, sink);
        engine.Submit(EngineHarness.Request(1, 20, 10) with
        {
            SpeculativeTokens = guesses,
            Sampling = SamplingParameters.Greedy with { Structure = regex is null ? null : new OutputStructure(GrammarSource.Regex(regex)) },
        });
        await UntilEnded(engine, sink, 1);

        // The structure allows whatever comes.
        Assert.Equal(EngineHarness.Expected(1, 20, 10), sink[1].Tokens);
        Assert.Equal(ahead, device.Ahead > 0);
    }

    [Fact]
    public void What_is_in_flight_when_something_else_than_the_device_throws_is_waited_for()
    {
        var (sink, fails) = (new RecordingSink(), false);
        var device = new LateDevice(new HistoryDevice(64), 2, []);
        using var engine = new InferenceEngine(device, new LetterTokenizer(), "test", sink, new FaultyPower(() => fails));
        engine.Submit(EngineHarness.Request(1, 20, 10));
        engine.Step();
        fails = true;
        Assert.Throws<InvalidOperationException>(() => engine.Step());
        engine.Fail("the power model failed");
        Assert.Equal((FinishReason.Error, "the power model failed"), (sink[1].Finish, sink[1].Error));
        fails = false;
        engine.Submit(EngineHarness.Request(2, 20, 10));
        EngineHarness.Run(engine);
        Assert.Equal(EngineHarness.Expected(2, 20, 10), sink[2].Tokens);
        Assert.Equal(0, engine.LeftOver);
    }

    [Fact]
    public async Task What_its_structure_allows_may_be_found_while_the_step_that_ends_its_prompt_is_in_flight()
    {
        // At each of its first letters some 7,000 readings: more than a step's work.
        var structure = new OutputStructure(GrammarSource.Regex("([a-zA-Z0-9]?){7000}!"));
        var grammars = new GrammarCache(new LetterTokenizer());
        using var compiled = await grammars.UseAsync(structure.Source, Stop);
        var device = new LateDevice(new HistoryDevice(64), 2, []);
        var sink = new RecordingSink();
        using var engine = new InferenceEngine(
            device, new LetterTokenizer(), "test", sink, new CpuPowerModel(1), new EngineOptions { PrefixCache = false }, grammars: grammars);
        engine.Submit(EngineHarness.Request(1, 10, 60));
        engine.Step();
        engine.Submit(EngineHarness.Request(2, 10, 6) with { Sampling = SamplingParameters.Greedy with { Structure = structure } });
        var begun = device.Begun;
        engine.Step();
        Assert.Equal(begun + 1, device.Begun);

        // Two requests, each accepted and living, and what was found for the second of them.
        await Until(() => engine.LeftOver == 5);
        Assert.DoesNotContain(2, sink.Records.Keys);
        await UntilEnded(engine, sink, 2);
        Assert.Equal(FinishReason.Stop, sink[2].Finish);
        Assert.EndsWith("!", sink[2].Text, StringComparison.Ordinal);
        Assert.Equal(EngineHarness.Expected(1, 10, 60), sink[1].Tokens);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(2, 7, 40)]
    public async Task Any_mix_of_requests_gives_the_same_as_on_a_device_that_does_a_step_at_a_time(int stepsInFlight, params int[] windows)
    {
        var ahead = 0;
        KvReach[] groups = [.. windows.Select(static window => new KvReach(window))];
        await Gen.Select(Gen.Int[0, int.MaxValue - 1], Gen.Int[16, 40], Gen.Int[4, 64], Gen.Int[1, 12]).SampleAsync(
            async (seed, blocks, tokens, running) =>
            {
                var expected = await Serve(new HistoryDevice(512), seed, new EngineOptions(), cancels: false);
                var device = new LateDevice(new HistoryDevice(blocks * (1 + groups.Length), windows: groups), stepsInFlight, []);
                var options = new EngineOptions { MaxStepTokens = tokens, MaxRunning = running, HostBlocks = seed % 3 * 4 };
                var got = await Serve(device, seed, options, cancels: true);
                ahead += device.Ahead;
                for (var id = 0; id < Requests; id++)
                {
                    var (one, other) = (expected[id], got[id]);
                    if (other.Finish == FinishReason.Cancelled)
                    {
                        Assert.Equal(one.Tokens.Take(other.Tokens.Count), other.Tokens);
                        Assert.StartsWith(other.Text, one.Text, StringComparison.Ordinal);
                    }
                    else
                    {
                        Assert.Equal((one.Finish, one.Text, one.Error), (other.Finish, other.Text, other.Error));
                        Assert.Equal(one.Tokens, other.Tokens);
                        Assert.Equal(one.Embedding, other.Embedding);
                    }
                }
            },
            iter: 60,
            threads: 1);
        Assert.Equal(stepsInFlight > 1, ahead > 1000);
    }

    private static Task UntilEnded(InferenceEngine engine, RecordingSink sink, int requests) => Until(() =>
    {
        engine.Step();
        return sink.Records.Values.Count(static record => record.Finish != FinishReason.None) == requests;
    });

    private static async Task Until(Func<bool> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            await Task.Delay(1, deadline.Token);
        }
    }

    /// <summary>Two requests of the same length, by what happened.</summary>
    private static List<string> Run(int stepsInFlight, int maxTokens, out int steps)
    {
        var events = new List<string>();
        var history = new HistoryDevice(64);
        var sink = new EventSink(events);
        var tokenizer = new FaultyTokenizer(new LetterTokenizer(), static () => false) { Asked = () => events.Add("text") };
        using var engine = new InferenceEngine(new LateDevice(history, stepsInFlight, events), tokenizer, "test", sink, new CpuPowerModel(1));
        engine.Submit(EngineHarness.Request(1, 20, maxTokens));
        engine.Submit(EngineHarness.Request(2, 20, maxTokens));
        EngineHarness.Run(engine);
        foreach (var id in new[] { 1, 2 })
        {
            Assert.Equal(EngineHarness.Expected(id, 20, maxTokens), sink.Recorded[id].Tokens);
            Assert.Equal(new LetterTokenizer().Decode(sink.Recorded[id].Tokens.ToArray()), sink.Recorded[id].Text);
        }

        steps = history.Steps;
        return events;
    }

    private static async Task<RecordingSink> Serve(IDevice device, int seed, EngineOptions options, bool cancels)
    {
        var sink = new RecordingSink();
        using var engine = new InferenceEngine(device, new LetterTokenizer(), "test", sink, new CpuPowerModel(1), options);
        var random = new Random(seed);
        var requests = Enumerable.Range(0, Requests).Select(id => Request(random, id)).ToArray();
        var submitted = 0;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (submitted < Requests || sink.Records.Values.Count(static record => record.Finish != FinishReason.None) < Requests)
        {
            while (submitted < Requests && random.Next(3) > 0)
            {
                engine.Submit(requests[submitted++]);
            }

            if (cancels && submitted > 0 && random.Next(40) == 0)
            {
                engine.Cancel(random.Next(submitted));
            }

            if (!engine.Step() && submitted == Requests)
            {
                await Task.Delay(1, deadline.Token);
            }

            engine.CheckIntegrity();
        }

        while (engine.Step())
        {
        }

        Assert.Equal((0, 0, device.Info.BlockCount, 0L), (engine.State.Running, engine.State.Waiting, engine.State.FreeBlocks, engine.LeftOver));
        return sink;
    }

    private static InferenceRequest Request(Random random, int id)
    {
        var embeds = random.Next(8) == 0;
        var sampling = new SamplingParameters
        {
            Temperature = random.Next(2) * 0.8f,
            Seed = (ulong)id,
            FrequencyPenalty = random.Next(2) * 0.5f,
            TopLogprobs = random.Next(4) == 0 ? 2 : null,
            Structure = random.Next(8) == 0 ? new OutputStructure(GrammarSource.Regex("[a-z]{3,9}")) : null,
        };
        return EngineHarness.Request(id % 9, random.Next(1, 80), embeds ? 0 : random.Next(1, 40)) with
        {
            Id = id,
            WantsEmbedding = embeds,
            Sampling = embeds ? SamplingParameters.Greedy : sampling,
            SpeculativeTokens = !embeds && random.Next(6) == 0 ? 3 : 0,
            StopStrings = random.Next(3) == 0 ? ["k", "qz"] : [],
            StopTokens = random.Next(3) == 0 ? new[] { 17, 91 }.ToFrozenSet() : FrozenSet<int>.Empty,
            Priority = (RequestPriority)random.Next(3),
            KvSource = KvSource.OfFork(!embeds && random.Next(4) == 0 ? id - 9 : null),
        };
    }

    private sealed class FaultyPower(Func<bool> fails) : IPowerModel
    {
        public double IdleWatts => 1;

        public double CapWatts => 5;

        public double StepJoules(Crescent.Engine.Devices.StepPlan plan, TimeSpan duration) => fails() ? throw new InvalidOperationException("no such step") : 1;
    }

    private sealed class EventSink(List<string> events) : IEngineSink
    {
        public RecordingSink Recorded { get; } = new();

        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            events.Add("emit");
            Recorded.OnStep(outputs);
        }
    }
}
