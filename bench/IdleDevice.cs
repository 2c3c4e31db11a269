using Crescent.Engine.Devices;

namespace Crescent.Bench;

/// <summary>A device that does nothing and answers at once, so that only the engine around it is measured.</summary>
internal sealed class IdleDevice(int blocks, int rows, int vocabulary) : IDevice
{
    private readonly int[] _tokens = Enumerable.Repeat(7, rows).ToArray();

    public DeviceInfo Info { get; } = new()
    {
        Name = "idle",
        Description = "answers at once",
        BlockCount = blocks,
        BlockBytes = 64,
        MaxStepTokens = 8192,
        MaxLogitRows = rows,
        MaxContext = 1 << 20,
        VocabularySize = vocabulary,
    };

    public StepResult Execute(StepPlan plan) => new(_tokens.AsSpan(0, Math.Max(1, plan.LogitsRowCount)), TimeSpan.FromMilliseconds(1));

    public void CopyBlock(int from, int to)
    {
    }

    public void Dispose()
    {
    }
}
