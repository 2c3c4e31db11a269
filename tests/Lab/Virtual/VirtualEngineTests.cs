using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;

namespace Crescent.Tests.Lab.Virtual;

public sealed class VirtualEngineTests
{
    private static readonly SilentTokenizer Tokenizer = new();
    private readonly VirtualClock _clock = new();

    [Fact]
    public void A_token_is_seen_when_the_time_of_its_step_has_passed()
    {
        var seen = new List<(long Id, int Offset, TimeSpan At)>();
        using var engine = Engine(output => seen.Add((output.Request.Id, output.Offset, _clock.Elapsed)), out var device);
        engine.Submit(Request(1, prompt: 1000, output: 3));
        _clock.Run(TestContext.Current.CancellationToken);
        var time = new StepTimeModel(device.Spec.Gpu, device.Shape, device.Spec.TensorParallel);
        var prefill = default(StepWork);
        prefill.AddPrefill(0, 1000, 1, int.MaxValue);
        var decode = default(StepWork);
        decode.AddDecode(1000, int.MaxValue);
        Assert.Equal([(1, 0), (1, 1), (1, 2)], seen.Select(static output => (output.Id, output.Offset)));
        Assert.Equal(time.Estimate(prefill).Seconds, seen[0].At.TotalSeconds, 1e-6);
        Assert.Equal(time.Estimate(decode).Seconds, (seen[1].At - seen[0].At).TotalSeconds, 1e-6);
        Assert.Equal(TimeSpan.Zero, seen[2].At - _clock.Elapsed);
    }

    [Fact]
    public void What_a_step_will_have_done_is_not_seen_before()
    {
        var seen = 0;
        using var engine = Engine(_ => seen++, out _);
        engine.Submit(Request(1, prompt: 100, output: 100));
        _clock.Run(TimeSpan.FromTicks(1), TestContext.Current.CancellationToken);
        Assert.Equal((0, 0), (seen, engine.State.OutputTokens));
        _clock.Run(TimeSpan.FromSeconds(0.2), TestContext.Current.CancellationToken);
        Assert.InRange(engine.State.OutputTokens, 1, 99);
        Assert.Equal(1, engine.State.Running);
    }

    [Fact]
    public void A_study_gives_the_same_each_time_to_the_tick()
    {
        var first = Study();
        Assert.Equal(first, Study());
        Assert.Equal(50, first.Count);

        List<(long Id, TimeSpan At)> Study()
        {
            var clock = new VirtualClock();
            var ends = new List<(long Id, TimeSpan At)>();
            var engines = new VirtualEngine[2];

            // Each answer calls for another request, elsewhere.
            void Took(SequenceOutput output)
            {
                if (output.Finish == FinishReason.None)
                {
                    return;
                }

                ends.Add((output.Request.Id, clock.Elapsed));
                if (output.Request.Id < 40)
                {
                    engines[output.Request.Id % 2].Submit(Request(output.Request.Id + 10, 300 + (17 * (int)output.Request.Id), 40 + (int)output.Request.Id));
                }
            }

            engines[0] = Engine(clock, Took, 0);
            engines[1] = Engine(clock, Took, 1);
            for (var id = 0; id < 10; id++)
            {
                engines[id % 2].Submit(Request(id, 700 - id, 60 + (7 * id)));
            }

            clock.Run(TestContext.Current.CancellationToken);
            Array.ForEach(engines, static engine => engine.CheckIntegrity());
            return ends;
        }
    }

    [Fact]
    public void Pauses_cost_idle_energy_and_the_step_after_them_the_clocks_that_stayed_up()
    {
        using var engine = Engine(static _ => { }, out var device);
        engine.Submit(Request(1, 100, 2));
        _clock.Run(TestContext.Current.CancellationToken);
        var power = device.Power;
        _clock.CreateTimer(_ => engine.Submit(Request(2, 100, 1)), null, TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
        _clock.Run(TestContext.Current.CancellationToken);
        var busy = _clock.Elapsed.TotalSeconds - 10;
        var gpu = device.Spec.Gpu;
        var expected = (10 * gpu.IdleWatts) + (gpu.AwakeSeconds * (gpu.AwakeWatts - gpu.IdleWatts));
        Assert.InRange(engine.State.Joules, expected, expected + (busy * power.MaxCapWatts * 1.01));
    }

    private VirtualEngine Engine(Action<SequenceOutput> took, out SimulatedDevice device)
    {
        device = Device(0);
        return new VirtualEngine(_clock, device, Tokenizer, "llama-3-8b", new Sink(took), device.Power, new EngineOptions { MaxStepTokens = 8192 });
    }

    private static VirtualEngine Engine(VirtualClock clock, Action<SequenceOutput> took, int index)
    {
        var device = Device(index);
        return new VirtualEngine(clock, device, Tokenizer, "llama-3-8b", new Sink(took), device.Power);
    }

    private static SimulatedDevice Device(int index) =>
        new(SimulatedDeviceSpec.Parse("sim:h100*2"), index, SimulatedModels.Find("llama-3.1-8b"), new SimulatedText(Tokenizer));

    private static InferenceRequest Request(long id, int prompt, int output) =>
        new() { Id = id, Prompt = [.. Enumerable.Range(0, prompt).Select(i => (int)((id * 1000) + i) % 32_768)], MaxTokens = output };

    private sealed class Sink(Action<SequenceOutput> took) : IEngineSink
    {
        public void OnStep(ReadOnlySpan<SequenceOutput> outputs)
        {
            foreach (var output in outputs)
            {
                took(output);
            }
        }
    }
}
