using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Engine.Power;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class StepEnergyTests
{
    private static readonly KvBlockSize BlockSize = new(16);
    private static readonly WorkCoefficients Work = new(Token: 1, Pair: 0.01, WeightPass: 30, Position: 0.1);

    [Fact]
    public void Shares_add_up_to_the_step()
    {
        var plan = Plan((0, 100), (50, 200), (10, 1), (500, 1), (900, 1));
        var energy = new StepEnergy(plan, 12, new Model(Work, null));
        Assert.Equal(12, plan.Slices.ToArray().Sum(s => energy.Share(s)), 1e-12);
    }

    [Fact]
    public void Decodes_share_the_weight_pass_and_each_pays_for_its_context()
    {
        var plan = Plan((99, 1), (499, 1), (99, 1));
        var energy = new StepEnergy(plan, 1, new Model(Work, null));
        Assert.Equal((10 + 1 + 50) / (10 + 1 + 10.0), energy.Share(plan.Slices[1]) / energy.Share(plan.Slices[0]), 1e-12);
        Assert.Equal(energy.Share(plan.Slices[0]), energy.Share(plan.Slices[2]), 1e-12);
    }

    [Fact]
    public void A_decode_pays_for_the_weight_pass_beside_a_prompt_that_pays_for_its_own_arithmetic()
    {
        var plan = Plan((0, 100), (99, 1));
        var energy = new StepEnergy(plan, 1, new Model(Work, null));
        Assert.Equal((100 + (0.01 * 5050)) / (30 + 1 + 10), energy.Share(plan.Slices[0]) / energy.Share(plan.Slices[1]), 1e-12);
    }

    [Fact]
    public void A_device_that_knows_the_prompts_share_decides_between_prompts_and_decodes()
    {
        var plan = Plan((0, 100), (100, 100), (99, 1), (399, 1));
        var energy = new StepEnergy(plan, 10, new Model(Work, 0.75));
        Assert.Equal(7.5, energy.Share(plan.Slices[0]) + energy.Share(plan.Slices[1]), 1e-12);
        Assert.True(energy.Share(plan.Slices[1]) > energy.Share(plan.Slices[0]));
        Assert.Equal(2.5, energy.Share(plan.Slices[2]) + energy.Share(plan.Slices[3]), 1e-12);
        var alone = Plan((0, 100));
        Assert.Equal(10, new StepEnergy(alone, 10, new Model(Work, 0.75)).Share(alone.Slices[0]), 1e-12);
        var decode = Plan((5, 1));
        Assert.Equal(10, new StepEnergy(decode, 10, new Model(Work, 0.75)).Share(decode.Slices[0]), 1e-12);
    }

    [Fact]
    public void Guesses_are_decodes()
    {
        var plan = new StepPlan(BlockSize, withTables: false);
        plan.Add([1, 2, 3, 4], 100, Blocks(200), LogitsWanted.All);
        plan.Add([1], 100, Blocks(200), LogitsWanted.Last);
        var energy = new StepEnergy(plan, 1, new Model(Work, 1));
        Assert.Equal((15 + (4 * 11.1)) / (15 + 11.1), energy.Share(plan.Slices[0]) / energy.Share(plan.Slices[1]), 1e-12);
    }

    [Fact]
    public void A_simulated_device_knows_what_its_prompts_cost()
    {
        using var device = new SimulatedDevice(
            SimulatedDeviceSpec.Parse("sim:h100:tp8"), 0, SimulatedModels.Find("llama-3-70b-fp8"), new SimulatedText(new SilentTokenizer()));
        var work = device.Power.Work;

        // The pass over 70 GB at 8 x 3.35 TB/s costs about as much as the arithmetic of a few hundred tokens.
        Assert.InRange(work.WeightPass / work.Token, 100, 800);
        Assert.InRange(work.Token / work.Pair, 1_000, 1_000_000);
        Assert.InRange(work.WeightPass / work.Position, 100_000, 2_000_000);
        var share = 0.0;
        foreach (var tokens in new[] { 2, 64, 512, 4096 })
        {
            device.Execute(Plan((0, tokens), (2000, 1), (3000, 1)));
            Assert.InRange(device.Power.PrefillShare!.Value, share, 1);
            share = device.Power.PrefillShare.Value;
        }

        Assert.True(share > 0.8, $"{share}");
        device.Execute(Plan((2000, 1)));
        Assert.Equal(0, device.Power.PrefillShare);
    }

    private static StepPlan Plan(params (int Start, int Tokens)[] slices)
    {
        var plan = new StepPlan(BlockSize, withTables: false);
        foreach (var (start, tokens) in slices)
        {
            plan.Add(new int[tokens], start, Blocks(start + tokens), LogitsWanted.Last);
        }

        return plan;
    }

    private static int[] Blocks(int positions) => new int[BlockSize.BlocksFor(positions)];

    private sealed class Model(WorkCoefficients work, double? prefillShare) : IPowerModel
    {
        public double IdleWatts => 0;

        public double CapWatts => 0;

        public WorkCoefficients Work => work;

        public double? PrefillShare => prefillShare;

        public double StepJoules(StepPlan plan, TimeSpan duration) => 0;
    }
}
