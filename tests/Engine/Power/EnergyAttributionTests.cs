using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Model;
using Crescent.Engine.Model.Text;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Engine.Power;

/// <summary>What sequences are charged and what passes idle, against a meter that integrates by itself and knows nothing of the model.</summary>
public sealed class EnergyAttributionTests
{
    private const double Allowed = 0.02;
    private readonly ManualTime _time = new();
    private readonly RecordingSink _sink = new();

    // The meter finds more, and another ratio of prefill to decode, than the model says.
    [Theory]
    [InlineData(1, true)]
    [InlineData(100, true)]
    [InlineData(20, false)]
    public void On_a_simulated_device_sequences_and_idle_add_up_to_the_meter(int resolution, bool countsJoules)
    {
        var meter = new IntegratingMeter(_time, TimeSpan.FromMilliseconds(resolution), countsJoules) { IdleWatts = 90 };
        using var device = Simulated();
        using var metered = new MeteredDevice(device, _time, meter, plan => (plan.AllTokens.Length > 200 ? 1.1 : 1.4) * device.Power.StepWatts);
        using var engine = Engine(metered, new SilentTokenizer(), device.Power, meter);
        Serve(engine, requests: 60, prompt: 1500, output: 400, pause: TimeSpan.FromSeconds(2));
        AssertAddsUp(engine, meter);
        Assert.True(meter.Busy > 500, $"{meter.Busy} J");
    }

    [Fact]
    public void On_the_processor_sequences_and_idle_add_up_to_the_meter()
    {
        var meter = new IntegratingMeter(_time, TimeSpan.FromMilliseconds(1)) { IdleWatts = 7 };
        using var model = LanguageModel.Open(TestFiles.TinyModel);
        using var device = new CpuDevice(model.Graph, new CpuDeviceOptions { Threads = 1 });
        using var metered = new MeteredDevice(device, _time, meter, static _ => 23);
        using var engine = Engine(metered, model.Tokenizer, new CpuPowerModel(1), meter);
        Serve(engine, requests: 12, prompt: 40, output: 60, pause: TimeSpan.FromSeconds(0.5));
        AssertAddsUp(engine, meter);
        Assert.Equal(PowerSource.Nvml, _sink[1].Usage!.EnergySource);
    }

    [Fact]
    public void Without_a_meter_they_add_up_to_the_model()
    {
        using var device = Simulated();
        var unread = new IntegratingMeter(_time, TimeSpan.Zero) { IdleWatts = device.Power.IdleWatts };
        using var metered = new MeteredDevice(device, _time, unread, _ => device.Power.StepWatts);
        using var engine = Engine(metered, new SilentTokenizer(), device.Power, null);
        Serve(engine, requests: 60, prompt: 500, output: 100, pause: TimeSpan.FromSeconds(2));
        var charged = _sink.Records.Values.Sum(static r => r.Usage!.Joules);
        Assert.Equal(1, charged / unread.Busy, 1e-6);
        Assert.Equal(charged + engine.State.IdleJoules, engine.State.Joules, 1e-6);

        // Three pauses, of which the clocks stay up for a part.
        var gpu = device.Spec.Gpu;
        Assert.InRange(engine.State.IdleJoules, 6 * gpu.IdleWatts, 6.5 * gpu.AwakeWatts);
        Assert.Equal((PowerSource.Model, true), (_sink[1].Usage!.EnergySource, _sink[1].Usage!.Simulated));
    }

    [Fact]
    public void A_meter_that_falls_silent_leaves_the_work_to_the_model_and_takes_it_back()
    {
        var meter = new IntegratingMeter(_time, TimeSpan.FromMilliseconds(1)) { IdleWatts = 90 };
        using var device = Simulated();
        using var metered = new MeteredDevice(device, _time, meter, _ => 1.3 * device.Power.StepWatts);
        using var engine = Engine(metered, new SilentTokenizer(), device.Power, meter);
        Serve(engine, requests: 10, prompt: 500, output: 200, pause: TimeSpan.FromSeconds(1));
        meter.Answers = false;
        Serve(engine, requests: 10, prompt: 500, output: 200, pause: TimeSpan.FromSeconds(1), firstId: 100);
        Assert.Equal(PowerSource.Model, engine.State.WattsSource);
        meter.Answers = true;
        Serve(engine, requests: 10, prompt: 500, output: 200, pause: TimeSpan.FromSeconds(1), firstId: 200);
        Assert.Equal(PowerSource.Nvml, engine.State.WattsSource);

        // The silent third is what the model makes of it, in the ratio that was met before.
        var charged = _sink.Records.Values.Sum(static r => r.Usage!.Joules);
        Assert.InRange(charged / meter.Busy, 1 - Allowed, 1 + Allowed);
    }

    [Fact]
    public void The_state_tells_the_source_and_the_age_of_its_watts()
    {
        var meter = new IntegratingMeter(_time, TimeSpan.FromMilliseconds(1), countsJoules: false) { IdleWatts = 80, Watts = 80 };
        using var device = Simulated();
        using var engine = Engine(device, new SilentTokenizer(), device.Power, meter);
        Assert.Equal((80, PowerSource.Nvml, TimeSpan.Zero), (engine.State.Watts, engine.State.WattsSource, engine.State.WattsAge));
        _time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(TimeSpan.FromSeconds(0.1), engine.State.WattsAge);
        meter.Watts = 95;
        _time.Advance(TimeSpan.FromSeconds(0.3));
        var state = engine.State;
        Assert.Equal(((80 * 0.1) + (95 * 0.3)) / 0.4, state.Watts, 1e-9);
        Assert.Equal(TimeSpan.Zero, state.WattsAge);
        Assert.Equal(engine.State.Joules, engine.State.IdleJoules);
    }

    [Fact]
    public void A_preempted_sequence_and_one_with_a_prompt_in_chunks_keep_what_they_used_before()
    {
        var options = new EngineOptions { MaxStepTokens = 16 };
        using var engine = new InferenceEngine(new HistoryDevice(blocks: 12), new LetterTokenizer(), "test", _sink, new CountingModel(), options);
        for (var id = 1; id <= 6; id++)
        {
            engine.Submit(EngineHarness.Request(id, 20, 60));
        }

        EngineHarness.Run(engine);
        Assert.True(engine.Preemptions > 0);
        Assert.Equal(engine.State.Steps, _sink.Records.Values.Sum(static r => r.Usage!.Joules), 1e-9);
    }

    private static SimulatedDevice Simulated() =>
        new(SimulatedDeviceSpec.Parse("sim:h100"), 0, SimulatedModels.Find("llama-3.1-8b"), new SimulatedText(new SilentTokenizer()));

    private InferenceEngine Engine(IDevice device, Tokenizer tokenizer, IPowerModel power, IPowerMeter? meter) =>
        new(device, tokenizer, "test", _sink, power, new EngineOptions { MaxStepTokens = 2048 }, _time, meter);

    /// <summary>Serves requests that come one after the other in bursts, with pauses in which nothing runs.</summary>
    private void Serve(InferenceEngine engine, int requests, int prompt, int output, TimeSpan pause, int firstId = 1)
    {
        const int Burst = 20;
        for (var id = firstId; id < firstId + requests; id++)
        {
            engine.Submit(new InferenceRequest
            {
                Id = id,
                Prompt = [.. Enumerable.Range(0, prompt - (id % 7)).Select(i => 1 + (((id * 131) + (i * 7)) % 1000))],
                MaxTokens = output + (id % 11),
                IgnoreEndOfGeneration = true,
            });

            // Some join while others decode.
            for (var step = 0; step < 5; step++)
            {
                engine.Step();
            }

            if ((id - firstId) % Burst == Burst - 1 || id == firstId + requests - 1)
            {
                while (engine.Step())
                {
                }

                for (var left = pause; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(0.25))
                {
                    _time.Advance(TimeSpan.FromSeconds(0.25));
                    _ = engine.State;
                }
            }
        }
    }

    private void AssertAddsUp(InferenceEngine engine, IntegratingMeter meter)
    {
        var charged = _sink.Records.Values.Sum(static r => r.Usage!.Joules);
        var state = engine.State;
        Assert.InRange((charged + state.IdleJoules) / meter.Drawn, 1 - Allowed, 1 + Allowed);
        Assert.InRange(state.Joules / meter.Drawn, 1 - Allowed, 1 + Allowed);

        // And each of the two by itself.
        Assert.InRange(charged / meter.Busy, 1 - Allowed, 1 + Allowed);
        Assert.All(_sink.Records.Values, static r => Assert.True(r.Usage!.Joules > 0));
    }

    /// <summary>A joule a step.</summary>
    private sealed class CountingModel : IPowerModel
    {
        public double IdleWatts => 0;

        public double CapWatts => 1;

        public double StepJoules(StepPlan plan, TimeSpan duration) => 1;
    }
}
