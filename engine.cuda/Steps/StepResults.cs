using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Devices;
using Crescent.Engine.Model.Architectures;
using ManagedCuda;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>What a step gives, in pinned host memory: each row's likeliest token with its logit, hidden states and, where they are wanted, logits.</summary>
internal sealed class StepResults : IDisposable
{
    private readonly GpuContext _context;
    private readonly ModelConfig _config;
    private readonly bool _hostLogits;
    private readonly PinnedBuffer _drawn; // (2, rows)
    private readonly PinnedBuffer _logits;
    private readonly int _maxTokens;
    private PinnedBuffer? _hidden;

    /// <param name="context">The GPU's.</param>
    /// <param name="config">Shape.</param>
    /// <param name="maxTokens">Tokens of a step.</param>
    /// <param name="maxLogitRows">Rows of logits of a step.</param>
    /// <param name="hostLogits">Whether every step's logits are copied.</param>
    public StepResults(GpuContext context, ModelConfig config, int maxTokens, int maxLogitRows, bool hostLogits)
    {
        _context = context;
        _config = config;
        _hostLogits = hostLogits;
        _maxTokens = maxTokens;
        _drawn = new PinnedBuffer(context, 8L * maxLogitRows);
        _logits = new PinnedBuffer(context, 4L * maxLogitRows * config.VocabularySize);
    }

    /// <summary>The token of a row's largest logit.</summary>
    public int Likeliest(int row) => _drawn.As<int>(8L * row, 1)[0];

    /// <summary>A row's largest logit; NaN where one is.</summary>
    public float Largest(int row) => _drawn.As<float>((8L * row) + 4, 1)[0];

    /// <summary>A row of logits (vocabulary), if it was copied.</summary>
    public Span<float> Logits(int row) => _logits.As<float>(4L * row * _config.VocabularySize, _config.VocabularySize);

    /// <summary>Queues the copies of a step.</summary>
    public void Copy(Decoder decoder, StepPlan plan)
    {
        if (plan.LogitsRowCount > 0)
        {
            Copy(_drawn, decoder.Likeliest.Pointer, 8L * plan.LogitsRowCount);
            if (_hostLogits)
            {
                Copy(_logits, decoder.Logits.Pointer, 4L * plan.LogitsRowCount * _config.VocabularySize);
            }
        }

        if (plan.HiddenRowCount > 0)
        {
            _hidden ??= new PinnedBuffer(_context, 4L * _maxTokens * _config.Width);
            Copy(_hidden, decoder.HiddenStates.Pointer, 4L * plan.HiddenRowCount * _config.Width);
        }
    }

    /// <summary>Queues the copy of a row of logits.</summary>
    public void CopyLogits(DeviceBuffer logits, int row)
    {
        var offset = 4L * row * _config.VocabularySize;
        _context.Check(
            DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(_logits.Pointer + (nint)offset, logits.At(offset), 4L * _config.VocabularySize, _context.Stream),
            "copy logits");
    }

    /// <summary>What a step that is done gave.</summary>
    public StepResult Of(StepPlan plan, TimeSpan duration) => new(
        _hostLogits ? _logits.As<float>(0, checked(plan.LogitsRowCount * _config.VocabularySize)) : [],
        _config.VocabularySize,
        duration,
        _hidden is null ? [] : _hidden.As<float>(0, checked(plan.HiddenRowCount * _config.Width)),
        _config.Width);

    public void Dispose()
    {
        _drawn.Dispose();
        _logits.Dispose();
        _hidden?.Dispose();
    }

    private void Copy(PinnedBuffer target, CUdeviceptr source, long bytes) => _context.Check(
        DriverAPINativeMethods.AsynchronousMemcpy_v2.cuMemcpyDtoHAsync_v2(target.Pointer, source, bytes, _context.Stream), "copy a step's results");
}
