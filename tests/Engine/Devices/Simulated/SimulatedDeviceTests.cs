using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Scheduling;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Engine.Devices.Simulated;

public sealed class SimulatedDeviceTests
{
    private static readonly Lazy<Tokenizer> Tiny = new(static () =>
    {
        using var file = GgufFile.Open(TestFiles.TinyModel);
        return TokenizerReader.Read(file);
    });

    [Fact]
    public void It_says_that_it_is_simulated_and_what_fits_its_memory()
    {
        using var device = Device("sim:h100-sxm*92:tp8", "llama-3-70b-fp8");
        Assert.True(device.Info.Simulated);
        Assert.Contains("simulated", device.Info.Description, StringComparison.Ordinal);
        Assert.Equal("sim:h100-sxm:7", device.Info.Name);

        // 8 x (0.92 x 80 - 3) GB less 72.65 GB of weights, at 163,840 bytes a position.
        Assert.Equal(((8 * 70.6e9) - 72.65e9) / 163_840 / 16, device.Info.BlockCount, 100.0);
        Assert.Equal(131_072, device.Info.MaxContext);
    }

    [Fact]
    public void A_model_that_does_not_fit_is_refused_with_the_group_it_needs() =>
        Assert.Contains(":tp4", Assert.Throws<FormatException>(() => Device("sim:h100", "llama-3-70b-bf16")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_sequence_says_the_same_alone_batched_and_resumed()
    {
        var alone = Generate(1, 200, others: 0);
        Assert.Equal(200, alone.Count);
        Assert.Equal(alone, Generate(1, 200, others: 20));

        var engine = Engine(out var sink);
        engine.Submit(new InferenceRequest
        {
            Id = 1,
            Prompt = [.. Prompt(1), .. alone.Take(80)],
            ResumedTokens = 80,
            MaxTokens = 120,
            IgnoreEndOfGeneration = true,
        });
        Run(engine);
        Assert.Equal(alone.Skip(80), sink[1].Tokens);
    }

    [Fact]
    public void It_talks_in_words_and_comes_to_an_end()
    {
        var lengths = new List<int>();
        for (var id = 1; id <= 40; id++)
        {
            var engine = Engine(out var sink);
            engine.Submit(new InferenceRequest { Id = id, Prompt = Prompt(id), MaxTokens = 4000 });
            Run(engine);
            Assert.Matches(@"^[ a-z.]+$", sink[id].Text);
            Assert.Equal(FinishReason.Stop, sink[id].Finish);
            lengths.Add(sink[id].Tokens.Count);
        }

        Assert.InRange(lengths.Average(), 100, 600);
    }

    [Fact]
    public void A_lower_cap_lowers_power_and_slows_prefill_more_than_decode()
    {
        var (prefill, prefillWatts) = Step(cap: 5600, tokens: 8192, batch: 1);
        var (cappedPrefill, cappedWatts) = Step(cap: 5600 * 0.7, tokens: 8192, batch: 1);
        Assert.InRange(cappedPrefill / prefill, 1.1, 1.25);
        Assert.Equal(5600 * 0.7, cappedWatts, 1.0);
        Assert.InRange(prefillWatts / 5600, 0.9, 0.98);

        var (decode, decodeWatts) = Step(cap: 5600, tokens: 1, batch: 64);
        var (cappedDecode, _) = Step(cap: decodeWatts * 0.7, tokens: 1, batch: 64);
        Assert.InRange(decodeWatts / 8, 520, 560);
        Assert.InRange(cappedDecode / decode, 1, 1.1);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using var device = Device("sim:h100:tp8", "llama-3-70b-fp8");
        var plan = Plan(tokens: 1, batch: 256);
        device.Execute(plan);
        var before = GC.GetAllocatedBytesForCurrentThread();
        device.Execute(plan);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static (double Seconds, double Watts) Step(double cap, int tokens, int batch)
    {
        using var device = Device("sim:h100:tp8", "llama-3-70b-fp8");
        device.Power.SetCap(cap);
        var plan = Plan(tokens, batch);
        var duration = device.Execute(plan).Duration;
        return (duration.TotalSeconds, device.Power.StepJoules(plan, duration) / duration.TotalSeconds);
    }

    private static StepPlan Plan(int tokens, int batch)
    {
        var plan = new StepPlan(new KvBlockSize(16), withTables: false);
        for (var i = 0; i < batch; i++)
        {
            plan.Add(new int[tokens], 1024, new int[(1024 + tokens + 15) / 16], LogitsWanted.Last);
        }

        return plan;
    }

    private static List<int> Generate(long id, int tokens, int others)
    {
        var engine = Engine(out var sink);
        for (var other = 1; other <= others; other++)
        {
            engine.Submit(new InferenceRequest { Id = 100 + other, Prompt = Prompt(100 + other), MaxTokens = 10 * other, IgnoreEndOfGeneration = true });
        }

        engine.Submit(new InferenceRequest { Id = id, Prompt = Prompt(id), MaxTokens = tokens, IgnoreEndOfGeneration = true });
        Run(engine);
        return sink[id].Tokens;
    }

    private static int[] Prompt(long id) => Enumerable.Range(0, 30 + (int)(id % 7)).Select(i => 3 + (int)(((id * 31) + (i * 7)) % 400)).ToArray();

    private static void Run(InferenceEngine engine)
    {
        for (var step = 0; engine.Step(); step++)
        {
            Assert.True(step < 100_000, "the engine makes no progress");
        }
    }

    private static InferenceEngine Engine(out RecordingSink sink)
    {
        var device = Device("sim:h200", "llama-3-8b");
        sink = new RecordingSink();
        return new InferenceEngine(device, Tiny.Value, "llama-3-8b", sink, device.Power);
    }

    private static SimulatedDevice Device(string spec, string model) =>
        new(SimulatedDeviceSpec.Parse(spec), 7, SimulatedModels.Find(model), new SimulatedText(Tiny.Value));
}
