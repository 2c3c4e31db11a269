using Crescent.Engine.Scheduling;

namespace Crescent.Tests.Engine.Scheduling;

public sealed class EngineWarmUpTests
{
    [Fact]
    public void It_runs_prompts_and_single_tokens_and_leaves_the_device_as_free_as_before()
    {
        using var device = new HistoryDevice(blocks: 8);
        EngineWarmUp.Run(device, new LetterTokenizer());
        Assert.True(device.Steps >= 4, $"{device.Steps} steps");
        Assert.Equal(15 + 4 + 1 + (3 * 3), device.TokensComputed);

        // An engine that comes after it has all blocks, and gives what it would have given.
        var outputs = new RecordingSink();
        using var engine = new InferenceEngine(device, new LetterTokenizer(), "test", outputs, new Crescent.Engine.Power.CpuPowerModel(1));
        Assert.Equal(8, engine.State.FreeBlocks);
    }
}
