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
    private long _stepTicks = TimeSpan.FromMilliseconds(1).Ticks;
    private readonly float[]? _logits;
    private readonly CpuSampler? _sampler;
    private int _rows;

    /// <param name="blocks">KV blocks.</param>
    /// <param name="rows">Rows of logits in a step.</param>
    /// <param name="vocabulary">Logits in a row.</param>
    /// <param name="logits">(rows, vocabulary), pinned; null for tokens.</param>
    /// <param name="sampler">Draws from the logits.</param>
    /// <param name="name">Its name.</param>
    /// <param name="tokens">The tokens that its rows answer with, in turn; null for the same one.</param>
    public IdleDevice(
        int blocks, int rows, int vocabulary, float[]? logits = null, CpuSampler? sampler = null, string name = "idle", IReadOnlyList<int>? tokens = null)
    {
        tokens ??= [7];
        _tokens = [.. Enumerable.Range(0, rows).Select(row => tokens[row % tokens.Count])];
        _logits = logits;
        _sampler = sampler;
        Info = new DeviceInfo
        {
            Name = name,
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

    /// <summary>What it says that a step took: who paces it waits for so long. Any thread may set it.</summary>
    public TimeSpan Step
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _stepTicks));
        set => Interlocked.Exchange(ref _stepTicks, value.Ticks);
    }

    public IDeviceSampler? Sampler => _sampler;

    public void Begin(StepPlan plan)
    {
        _rows = Math.Max(1, plan.LogitsRowCount);
        _sampler?.Begin(_logits);
    }

    public StepResult End() => _logits is null
        ? new StepResult(_tokens.AsSpan(0, _rows), Step)
        : new StepResult(_logits, Info.VocabularySize, Step);

    public void CopyBlock(int from, int to)
    {
    }

    public void Dispose()
    {
    }
}
