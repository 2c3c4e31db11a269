using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Engine.Power;

/// <summary>A cap that was lowered counts as given when the draw has met it, and nothing that is read afterwards is above it.</summary>
public sealed class GivenCapTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void A_step_that_began_before_a_lower_cap_holds_the_old_one_until_it_has_run_out()
    {
        using var device = Simulated();
        var power = device.Power;
        var begun = 0;
        var held = 0.0;
        InferenceEngine? asked = null;
        using var engine = asked = Engine(new HalfwayDevice(device, _time, Lower), power, 64_000);
        Submit(engine, 1, prompt: 30_000, output: 2000);
        for (var step = 0; step < 6; step++)
        {
            engine.Step();
        }

        Assert.Equal(power.MaxCapWatts, held);
        for (var step = 0; step < 100; step++)
        {
            engine.Step();
            Assert.InRange(engine.State.Watts, 0, engine.State.CapWatts * (1 + 1e-9));
        }

        Assert.Equal(power.MinCapWatts, engine.State.CapWatts);

        void Lower()
        {
            if (++begun == 1)
            {
                power.SetCap(power.MinCapWatts);
                held = asked!.State.CapWatts;
            }
        }
    }

    [Fact]
    public void No_reading_is_above_the_given_cap_whatever_caps_come_and_go()
    {
        for (var seed = 0; seed < 8; seed++)
        {
            var random = new Random(seed);
            using var device = Simulated();
            var power = device.Power;
            var lowered = 0;
            InferenceEngine? asked = null;

            // Some devices lag behind their clock, and others catch up.
            using var engine = asked = Engine(new HalfwayDevice(device, _time, Change, () => 0.7 + (0.5 * random.NextDouble())), power, 8192);
            for (var id = 1; id <= 60; id++)
            {
                Submit(engine, id, prompt: random.Next(10, 9000), output: random.Next(1, 120));
                for (var step = random.Next(40); step > 0; step--)
                {
                    engine.Step();
                    Check();
                }

                if (random.Next(6) == 0)
                {
                    while (engine.Step())
                    {
                        Check();
                    }

                    for (var pause = random.Next(12); pause > 0; pause--)
                    {
                        _time.Advance(TimeSpan.FromMilliseconds(random.Next(400)));
                        Change();
                    }
                }
            }

            while (engine.Step())
            {
                Check();
            }

            for (var pause = 0; pause < 3; pause++)
            {
                _time.Advance(TimeSpan.FromSeconds(0.3));
                Check();
            }

            Assert.Equal(power.CapWatts, engine.State.CapWatts);
            Assert.True(lowered > 20, $"{lowered} caps were lowered");

            void Change()
            {
                if (random.Next(4) == 0)
                {
                    var before = power.CapWatts;
                    lowered += power.SetCap(random.Next((int)power.MinCapWatts, (int)power.MaxCapWatts)) < before ? 1 : 0;
                }

                Check();
            }

            void Check()
            {
                var state = asked!.State;
                Assert.InRange(state.Watts, 0, state.CapWatts * (1 + 1e-9));
                Assert.True(state.CapWatts >= power.CapWatts);
            }
        }
    }

    [Fact]
    public void An_idle_device_takes_a_lower_cap_within_half_a_second()
    {
        using var device = Simulated();
        using var engine = Engine(device, device.Power, 8192);
        Submit(engine, 1, 100, 5);
        while (engine.Step())
        {
        }

        _time.Advance(TimeSpan.FromSeconds(0.25));
        Assert.Equal(device.Power.MaxCapWatts, engine.State.CapWatts);
        device.Power.SetCap(300);
        for (var look = 0; look < 2; look++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.25));
            _ = engine.State;
        }

        Assert.Equal(300, engine.State.CapWatts);
    }

    [Fact]
    public void A_metered_device_that_does_not_obey_counts_with_what_it_draws()
    {
        var ordered = 700.0;
        var cap = new GivenCap(() => ordered, followsSteps: false);
        cap.Read(650, isMetered: true);
        ordered = 300;
        cap.Read(640, isMetered: true);
        Assert.Equal((700, true), (cap.Watts, cap.IsPending));
        cap.Read(500, isMetered: true);
        Assert.Equal((500, true), (cap.Watts, cap.IsPending));
        cap.Read(304, isMetered: true);
        Assert.Equal((300, false), (cap.Watts, cap.IsPending));
        ordered = 400;
        cap.Look();
        Assert.Equal(400, cap.Watts);
    }

    [Fact]
    public void A_lower_cap_is_given_though_each_step_begins_before_the_one_before_has_ended()
    {
        var ordered = 700.0;
        var cap = new GivenCap(() => ordered, followsSteps: true);
        cap.Begin();
        ordered = 300;
        cap.Begin();
        cap.Read(650, isMetered: false);
        Assert.Equal(700, cap.Watts);
        cap.End();
        cap.Begin();
        cap.Read(500, isMetered: false);

        // The step of before ran in that reading; none of those that run now began under the higher cap.
        Assert.Equal(700, cap.Watts);
        cap.End();
        cap.Begin();
        cap.Read(290, isMetered: false);
        Assert.Equal((300, false), (cap.Watts, cap.IsPending));
    }

    [Fact]
    public void A_step_in_flight_under_a_cap_that_was_raised_for_a_moment_counts_with_it()
    {
        var ordered = 300.0;
        var cap = new GivenCap(() => ordered, followsSteps: true);
        cap.Begin();
        ordered = 700;
        cap.Begin();
        ordered = 300;
        cap.Read(650, isMetered: false);
        Assert.Equal((700, true), (cap.Watts, cap.IsPending));
    }

    private static SimulatedDevice Simulated() =>
        new(SimulatedDeviceSpec.Parse("sim:h100"), 0, SimulatedModels.Find("llama-3.1-8b"), new SimulatedText(new SilentTokenizer()), new SimulatedDeviceOptions { MaxStepTokens = 65_536 });

    private InferenceEngine Engine(IDevice device, IPowerModel power, int stepTokens) =>
        new(device, new SilentTokenizer(), "test", new RecordingSink(), power, new EngineOptions { MaxStepTokens = stepTokens }, _time);

    private static void Submit(InferenceEngine engine, int id, int prompt, int output) => engine.Submit(new InferenceRequest
    {
        Id = id,
        Prompt = [.. Enumerable.Range(0, prompt).Select(i => 1 + (((id * 131) + (i * 7)) % 1000))],
        MaxTokens = output,
        IgnoreEndOfGeneration = true,
    });

    /// <summary>Makes the time of each step pass, and lets something happen in its middle.</summary>
    private sealed class HalfwayDevice(IDevice device, ManualTime time, Action halfway, Func<double>? pace = null) : IDevice
    {
        public DeviceInfo Info => device.Info;

        public IDeviceSampler? Sampler => device.Sampler;

        public void Begin(StepPlan plan) => device.Begin(plan);

        public StepResult End()
        {
            var result = device.End();
            var half = result.Duration / 2 * (pace?.Invoke() ?? 1);
            time.Advance(half);
            halfway();
            time.Advance(half);
            return result;
        }

        public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

        public void Dispose() => device.Dispose();
    }
}
