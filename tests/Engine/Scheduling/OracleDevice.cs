using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>A draft's device that knows the text to come, and says another token each so many times.</summary>
/// <param name="vocabulary">Tokens.</param>
/// <param name="text">Of the one sequence, from its first token on.</param>
/// <param name="wrongEach">Of so many guesses the last is wrong.</param>
internal sealed class OracleDevice(int vocabulary, int[] text, int wrongEach) : IDevice
{
    private const int Rows = 8;

    private readonly float[] _logits = new float[Rows * vocabulary];
    private int _guesses;

    public DeviceInfo Info { get; } = new()
    {
        Name = "oracle",
        Description = "test double",
        BlockSize = 16,
        BlockCount = 256,
        BlockBytes = 16,
        ReadsBlockTables = false,
        MaxStepTokens = 512,
        MaxLogitRows = Rows,
        MaxContext = 4096,
        VocabularySize = vocabulary,
    };

    public void Begin(StepPlan plan)
    {
        Array.Clear(_logits);
        foreach (ref readonly var slice in plan.Slices)
        {
            var next = slice.StartPosition + slice.TokenCount;
            var token = next < text.Length ? text[next] : 0;
            if (slice.LogitsRowCount > 0)
            {
                _logits[(slice.LogitsRow * vocabulary) + (++_guesses % wrongEach == 0 ? (token + 1) % vocabulary : token)] = 1000;
            }
        }
    }

    public StepResult End() => new(_logits, vocabulary, TimeSpan.FromMilliseconds(0.1));

    public void Dispose()
    {
    }
}
