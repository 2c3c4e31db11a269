using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using CsCheck;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class StepCostEstimatorTests
{
    private readonly StepCostEstimator _costs = new(new CpuPowerModel(4));

    [Fact]
    public void Steps_of_every_mix_show_what_each_part_costs()
    {
        var random = new Random(7);
        for (var i = 0; i < 300; i++)
        {
            var (sequences, prompt) = (random.Next(1, 30), random.Next(3) == 0 ? random.Next(1, 500) : 0);
            var noise = 1 + ((random.NextDouble() - 0.5) / 10);
            _costs.Count(sequences, prompt, (0.004 + (sequences * 0.001) + (prompt * 0.0003)) * noise);
        }

        var profile = _costs.Profile;
        Assert.Equal(0.004, profile.StepSeconds, 0.0008);
        Assert.Equal(0.001, profile.SequenceSeconds, 0.0001);
        Assert.Equal(0.0003, profile.PromptSeconds, 0.00003);
    }

    [Fact]
    public void What_the_newest_steps_do_not_tell_stays_as_it_was()
    {
        Mixed(0.004, 0.001, 0.0003, 200);
        var before = _costs.Profile.PromptSeconds;
        for (var i = 0; i < 5000; i++)
        {
            _costs.Count(1 + (i % 8), 0, 0.004 + ((1 + (i % 8)) * 0.001));
            _ = i % 100 == 0 ? _costs.Profile : null;
        }

        Assert.Equal(before, _costs.Profile.PromptSeconds, before / 10);
        Assert.Equal(0.001, _costs.Profile.SequenceSeconds, 0.0001);
    }

    [Fact]
    public void A_device_that_has_become_slower_is_found_out()
    {
        Mixed(0.004, 0.001, 0.0003, 500);
        Mixed(0.008, 0.002, 0.0006, 500);
        Assert.Equal(0.002, _costs.Profile.SequenceSeconds, 0.0002);
        Assert.Equal(0.0006, _costs.Profile.PromptSeconds, 0.00006);
    }

    [Fact]
    public void What_is_learned_does_not_depend_on_how_often_somebody_asks()
    {
        var asked = new StepCostEstimator(new CpuPowerModel(4));
        for (var i = 0; i < 400; i++)
        {
            var (sequences, tokens, noise) = (1 + (i * 7 % 9), i % 4 == 0 ? 1 + (i * 17 % 300) : 0, 1 + (i * 31 % 10 * 0.02));
            var seconds = (0.004 + (sequences * 0.001) + (tokens * 0.0003)) * noise;
            _costs.Count(sequences, tokens, seconds);
            asked.Count(sequences, tokens, seconds);
            for (var times = 0; times < i % 5; times++)
            {
                _ = asked.Profile;
            }
        }

        Assert.Equal(_costs.Profile, asked.Profile);
    }

    [Fact]
    public void No_cost_is_ever_below_0() => Gen.Select(Gen.Int[0, 40], Gen.Int[0, 512], Gen.Double[1e-6, 1]).Array[1, 50].Sample(steps =>
    {
        var costs = new StepCostEstimator(new CpuPowerModel(1));
        foreach (var (sequences, prompt, seconds) in steps)
        {
            costs.Count(sequences, prompt, seconds);
            var profile = costs.Profile;
            Assert.True(double.IsFinite(profile.StepSeconds + profile.SequenceSeconds + profile.PromptSeconds));
            Assert.True(profile is { StepSeconds: >= 0, SequenceSeconds: >= 0, PromptSeconds: >= 0 });
        }
    });

    [Fact]
    public void A_processor_draws_its_busy_watts_whatever_the_batch()
    {
        var power = new CpuPowerModel(4);
        var profile = _costs.Profile;
        Assert.Equal(power.IdleWatts, profile.IdleWatts);
        Assert.Equal(power.CapWatts, profile.DecodeWatts(1, profile.DecodeClock(power.CapWatts, 1)), 9);
        Assert.Equal(power.CapWatts, profile.DecodeWatts(50, profile.DecodeClock(power.CapWatts, 50)), 9);
        Assert.Equal(power.CapWatts, profile.PrefillWattsAt(profile.PrefillClock(power.CapWatts)), 9);
    }

    [Fact]
    public void Steps_of_the_engine_are_counted_by_what_they_hold()
    {
        var plan = new Crescent.Engine.Devices.StepPlan(new Crescent.Engine.Devices.KvBlockSize(16), withTables: false);
        var table = new int[8];
        for (var i = 0; i < 400; i++)
        {
            plan.Clear();
            var sequences = 1 + (i % 7);
            for (var s = 0; s < sequences; s++)
            {
                plan.Add([1], 20, table, Crescent.Engine.Devices.LogitsWanted.Last);
            }

            var prompt = 1 + (i * 13 % 60);
            plan.Add(new int[prompt], 0, table, Crescent.Engine.Devices.LogitsWanted.Last);
            _costs.Count(plan, TimeSpan.FromSeconds(0.002 + (sequences * 0.003) + (prompt * 0.0005)));
        }

        Assert.Equal(0.003, _costs.Profile.SequenceSeconds, 0.0001);
        Assert.Equal(0.0005, _costs.Profile.PromptSeconds, 0.00002);
    }

    private void Mixed(double step, double sequence, double prompt, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            var (sequences, tokens) = (1 + (i % 9), i % 4 == 0 ? 1 + (i * 17 % 300) : 0);
            _costs.Count(sequences, tokens, step + (sequences * sequence) + (tokens * prompt));
        }
    }
}
