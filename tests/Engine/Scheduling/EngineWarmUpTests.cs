using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class EngineWarmUpTests
{
    [Fact]
    public void It_runs_prompts_and_single_tokens_and_leaves_the_device_as_free_as_before()
    {
        using var device = new HistoryDevice(blocks: 8);
        var tokens = new List<int>();
        device.BeforeStep = plan => tokens.Add(plan.AllTokens.Length);
        EngineWarmUp.Run(device, new LetterTokenizer());

        // 15 = 8 + 4 + 2 + 1, 10 = 6 + 4, 7 = 4 + 2 + 1: all that a kernel takes at once, with many tokens and with few.
        Assert.Equal([15, 1, 1, 1, 10, 1, 1, 1, 7, 3, 3, 3], tokens);

        // An engine that comes after it has all blocks, and gives what it would have given.
        var outputs = new RecordingSink();
        using var engine = new InferenceEngine(device, new LetterTokenizer(), "test", outputs, new Crescent.Engine.Power.CpuPowerModel(1));
        engine.Submit(EngineHarness.Request(1, 100, 20));
        EngineHarness.Run(engine);
        Assert.Equal(EngineHarness.Expected(1, 100, 20), outputs[1].Tokens);
        Assert.Equal(8, engine.State.FreeBlocks);
    }
}
