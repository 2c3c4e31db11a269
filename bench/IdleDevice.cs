using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Cpu;

namespace Crescent.Bench;

/// <summary>
/// A device that does nothing and answers at once, so that only the engine around it is measured: with the same token again and again, or with the
/// same logits.
/// </summary>
internal sealed class IdleDevice : IDevice
{
    /// <summary>Positions in a KV block.</summary>
    public const int BlockSize = 16;

    private readonly int[] _tokens;
    private readonly float[]? _logits;
    private readonly CpuSampler? _sampler;
    private int _rows;

    /// <param name="blocks">KV blocks.</param>
    /// <param name="rows">Rows of logits in a step.</param>
    /// <param name="vocabulary">Logits in a row.</param>
    /// <param name="logits">(rows, vocabulary), pinned; null for tokens.</param>
    /// <param name="sampler">Draws from the logits.</param>
    public IdleDevice(int blocks, int rows, int vocabulary, float[]? logits = null, CpuSampler? sampler = null)
    {
        _tokens = Enumerable.Repeat(7, rows).ToArray();
        _logits = logits;
        _sampler = sampler;
        Info = new DeviceInfo
        {
            Name = "idle",
            Description = "answers at once",
            BlockSize = BlockSize,
            BlockCount = blocks,
            BlockBytes = 64,
            MaxStepTokens = 8192,
            MaxLogitRows = rows,
            MaxContext = 1 << 20,
            VocabularySize = vocabulary,
        };
    }

    public DeviceInfo Info { get; }

    public IDeviceSampler? Sampler => _sampler;

    public void Begin(StepPlan plan)
    {
        _rows = Math.Max(1, plan.LogitsRowCount);
        _sampler?.Begin(_logits);
    }

    public StepResult End() => _logits is null
        ? new StepResult(_tokens.AsSpan(0, _rows), TimeSpan.FromMilliseconds(1))
        : new StepResult(_logits, Info.VocabularySize, TimeSpan.FromMilliseconds(1));

    public void CopyBlock(int from, int to)
    {
    }

    public void Dispose()
    {
    }
}
