using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>A device whose sequences go round in a circle of ten tokens.</summary>
internal sealed class CircleDevice : IDevice
{
    private readonly float[] _logits = new float[64 * 128];

    public DeviceInfo Info { get; } = new()
    {
        Name = "circle",
        Description = "test double",
        BlockSize = 16,
        BlockCount = 32,
        BlockBytes = 1,
        MaxStepTokens = 64,
        MaxLogitRows = 64,
        MaxContext = 512,
        VocabularySize = 128,
    };

    public int Steps { get; private set; }

    public void Begin(StepPlan plan)
    {
        Steps++;
        Array.Clear(_logits);
        foreach (var slice in plan.Slices)
        {
            var tokens = plan.Tokens(slice);
            for (var row = 0; row < slice.LogitsRowCount; row++)
            {
                var token = tokens[tokens.Length - slice.LogitsRowCount + row];
                _logits[((slice.LogitsRow + row) * 128) + 1 + (token % 10)] = 1;
            }
        }
    }

    public StepResult End() => new(_logits, 128, TimeSpan.FromMilliseconds(1));

    public void Dispose()
    {
    }
}
