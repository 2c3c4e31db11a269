using Crescent.Engine.Devices.Cpu.Weights;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Operators that read the residual stream behind one norm; their outputs are added up, and may have a norm behind them.</summary>
internal sealed unsafe class BranchPart : IDisposable
{
    private readonly ILayerStep[] _steps;

    /// <param name="norm">Gain before (width), or null.</param>
    /// <param name="steps">What it computes.</param>
    /// <param name="postNorm">Gain behind (width), or null.</param>
    public BranchPart(float* norm, IEnumerable<ILayerStep> steps, float* postNorm)
    {
        Norm = norm;
        PostNorm = postNorm;
        _steps = [.. steps.OrderBy(static step => step.KeepsInput ? 0 : 1)];
        Formats = _steps.Aggregate(ActivationFormat.None, static (all, step) => all | step.InputFormats);
        if (_steps.Count(static step => !step.KeepsInput) > 1)
            throw new NotSupportedException("Two operators of a branch write over their input; give each a branch of its own.");
    }

    /// <summary>Gain before (width), or null.</summary>
    public float* Norm { get; }

    /// <summary>Gain behind (width), or null.</summary>
    public float* PostNorm { get; }

    /// <summary>What the steps take.</summary>
    public ActivationFormat Formats { get; }

    /// <summary>In the order in which they run: what keeps its input first.</summary>
    public ReadOnlySpan<ILayerStep> Steps => _steps;

    public void Dispose()
    {
        foreach (var step in _steps)
            step.Dispose();
    }
}
