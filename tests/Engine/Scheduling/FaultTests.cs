using Crescent.Engine.Power;
using Crescent.Engine.Sampling;
using Crescent.Engine.Sampling.Grammars;
using Crescent.Engine.Scheduling;
using CsCheck;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Whatever throws while a request is prepared, computed, sampled or handed over: it ends, is told once, and leaves nothing behind.</summary>
public sealed class FaultTests
{
    private const int Blocks = 24;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_throws_every_request_is_told_once_and_nothing_is_left()
    {
        var (failed, whole, rows, sinks) = (0, 0, 0L, 0);
        await Gen.Select(Gen.Int[0, int.MaxValue - 1], Gen.Int[0, 60], Gen.Int[0, 60], Gen.Int[0, 60], Gen.Int[0, 60]).SampleAsync(
            async (seed, step, row, text, sink) =>
            {
                var world = new World(seed, step / 1000.0, row / 1000.0, text / 4000.0, sink / 1000.0);
                await world.Run();
                failed += world.Failed;
                whole += world.Whole;
                rows += world.Faults;
                sinks += world.SinkFaults;
            },
            iter: 150,
            threads: 1);
        Assert.True(failed > 100 && whole > 100 && rows > 100 && sinks > 100, $"{failed} failed, {whole} ended whole, {rows} faults, {sinks} of the sink");
    }

    [Fact]
    public void A_row_that_cannot_be_drawn_ends_its_request_alone_with_the_reason_and_is_reported()
    {
        var (sink, rows) = (new RecordingSink(), 0);
        var device = new FaultyDevice(new HistoryDevice(Blocks), static () => false, () => ++rows == 7);
        using var engine = EngineHarness.EngineOver(device, sink);
        var faults = new List<RequestFault>();
        engine.RequestFailed = faults.Add;
        engine.Submit(EngineHarness.Request(1, 20, 10));
        engine.Submit(EngineHarness.Request(2, 20, 10));
        EngineHarness.Run(engine);
        Assert.Equal((1L, "its next token was chosen"), (Assert.Single(faults).Request, faults[0].Doing));
        Assert.Equal(FinishReason.Error, sink[1].Finish);
        Assert.Contains("this row cannot be drawn", sink[1].Error);
        Assert.Equal(EngineHarness.Expected(1, 20, 3), sink[1].Tokens);
        Assert.Equal(EngineHarness.Expected(2, 20, 10), sink[2].Tokens);
        Assert.Equal(1, engine.Counters.Faults);
    }

    [Fact]
    public void A_log_that_fails_ends_no_other_request()
    {
        var (sink, rows) = (new RecordingSink(), 0);
        using var engine = EngineHarness.EngineOver(new FaultyDevice(new HistoryDevice(Blocks), static () => false, () => ++rows == 7), sink);
        engine.RequestFailed = static _ => throw new IOException("the disk is full");
        engine.Submit(EngineHarness.Request(1, 20, 10));
        engine.Submit(EngineHarness.Request(2, 20, 10));
        EngineHarness.Run(engine);
        Assert.Equal(FinishReason.Error, sink[1].Finish);
        Assert.Contains("this row cannot be drawn", sink[1].Error, StringComparison.Ordinal);
        Assert.Contains("the disk is full", sink[1].Error, StringComparison.Ordinal);
        Assert.Equal(EngineHarness.Expected(2, 20, 10), sink[2].Tokens);
        Assert.Equal(2, engine.Counters.Faults);
    }

    [Fact]
    public void What_a_step_had_already_put_out_is_told_although_it_fails()
    {
        var (sink, fails) = (new RecordingSink(), false);
        using var engine = EngineHarness.EngineOver(new FaultyDevice(new HistoryDevice(Blocks), () => fails, static () => false), sink);
        engine.Submit(EngineHarness.Request(1, 20, 10));
        engine.Submit(EngineHarness.Request(2, 20, 10));
        engine.Step();
        engine.Cancel(1);
        fails = true;
        Assert.Throws<InvalidOperationException>(() => engine.Step());
        engine.Fail("the device fell off the bus");
        Assert.Equal(FinishReason.Cancelled, sink[1].Finish);
        Assert.Equal((FinishReason.Error, "the device fell off the bus"), (sink[2].Finish, sink[2].Error));
    }

    /// <summary>An engine over a device, a tokenizer, grammars and a sink that throw at random.</summary>
    private sealed class World
    {
        private const int Requests = 30;

        private readonly Random _random;
        private readonly int _blocks;
        private readonly RecordingSink _records = new();
        private readonly FaultySink _sink;
        private readonly InferenceEngine _engine;
        private readonly Dictionary<long, InferenceRequest> _requests = [];
        private bool _armed;

        public World(int seed, double step, double row, double text, double sink)
        {
            _random = new Random(seed);
            var blockSize = 8 << (seed % 4);
            _blocks = Blocks * 16 / blockSize;
            var tokenizer = new FaultyTokenizer(new LetterTokenizer(), () => Throws(text));
            _sink = new FaultySink(_records, () => Throws(sink), () => _random.Next(2) == 0);
            _engine = new InferenceEngine(
                new FaultyDevice(new HistoryDevice(_blocks, blockSize: blockSize), () => Throws(step), () => Throws(row), () => Throws(step)),
                tokenizer,
                "test",
                _sink,
                new CpuPowerModel(1),
                new EngineOptions { MaxStepTokens = 64, MaxRunning = 8, HostBlocks = 8 },
                grammars: new GrammarCache(tokenizer))
            {
                RequestFailed = _ => Faults++,
            };
        }

        public int Failed => _records.Records.Values.Count(static record => record.Finish == FinishReason.Error);

        public int Whole => _records.Records.Values.Count(static record => record.Finish is FinishReason.Stop or FinishReason.Length);

        public int Faults { get; private set; }

        public int SinkFaults => _sink.Faults;

        public async Task Run()
        {
            _armed = true;
            var submitted = 0;
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Stop);
            deadline.CancelAfter(TimeSpan.FromSeconds(60));
            while (submitted < Requests || Ended < Requests)
            {
                if (submitted < Requests && _random.Next(2) == 0)
                {
                    _engine.Submit(Request(++submitted));
                }

                if (_random.Next(10) == 0)
                {
                    _engine.Cancel(_random.Next(1, Requests + 1));
                }

                if (!Step() && submitted == Requests)
                {
                    await Task.Delay(1, deadline.Token);
                }
            }

            _armed = false;
            while (Step())
            {
            }

            var state = _engine.State;
            Assert.Equal((0, 0, _blocks), (state.Running, state.Waiting, state.FreeBlocks));
            Assert.Equal(0, _engine.LeftOver);
            Assert.Equal(_engine.Counters.Faults, Faults);
            foreach (var (id, request) in _requests)
            {
                // Whatever was thrown: what came before it is right.
                if (request.Sampling.Structure is null && _records.Records.TryGetValue(id, out var record))
                {
                    Assert.Equal(EngineHarness.Continuation(request.Prompt, record.Tokens.Count), record.Tokens);
                }
            }

            _engine.Dispose();
        }

        private int Ended => _records.Records.Values.Count(static record => record.Finish != FinishReason.None);

        private bool Step()
        {
            bool worked;
            try
            {
                worked = _engine.Step();
            }
            catch (InvalidOperationException fault) when (fault.Message == "the device fell off the bus")
            {
                _engine.Fail(fault.Message);
                worked = true;
            }

            _engine.CheckIntegrity();
            return worked;
        }

        private InferenceRequest Request(long id)
        {
            var structure = _random.Next(8) switch
            {
                0 => new OutputStructure(GrammarSource.Regex("[a-z]{3,9}")),
                1 => new OutputStructure(GrammarSource.Of((GrammarKind)99, "")),
                2 => new OutputStructure(GrammarSource.Regex("(")),
                _ => null,
            };
            var request = EngineHarness.Request(id, _random.Next(1, 60), _random.Next(1, 30));
            return _requests[id] = request with
            {
                Sampling = SamplingParameters.Greedy with { Structure = structure },
                SpeculativeTokens = _random.Next(3),
                StopStrings = _random.Next(4) == 0 ? ["qz"] : [],
                Deadline = _random.Next(2) == 0 ? TimeSpan.FromDays(1) : null,
                ResumedTokens = Math.Min(request.Prompt.Length - 1, _random.Next(3)),
                KvSource = KvSource.OfFork(_random.Next(4) == 0 ? id - 1 : null),
            };
        }

        private bool Throws(double share)
        {
            if (!_armed || share == 0)
            {
                return false;
            }

            lock (_random)
            {
                return _random.NextDouble() < share;
            }
        }
    }
}
