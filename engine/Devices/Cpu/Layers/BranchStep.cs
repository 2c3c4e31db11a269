using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>
/// A branch beside the residual stream. Its operators add to the stream themselves; only where there is a norm or a scale behind them do they write to
/// a buffer of their own first.
/// </summary>
internal sealed unsafe class BranchStep<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly LayerContext<TLanes> _context;
    private readonly float* _norm;
    private readonly float* _postNorm;
    private readonly float _scale;
    private readonly ILayerStep[] _steps;
    private readonly ActivationFormat _formats;
    private readonly bool _adds;

    /// <param name="context">Of the forward pass.</param>
    /// <param name="norm">Gain before (width).</param>
    /// <param name="steps">What it computes.</param>
    /// <param name="postNorm">Gain behind (width), or null.</param>
    /// <param name="scale">What the output is multiplied by.</param>
    public BranchStep(LayerContext<TLanes> context, float* norm, IEnumerable<ILayerStep> steps, float* postNorm, float scale)
    {
        _context = context;
        _norm = norm;
        _postNorm = postNorm;
        _scale = scale;
        _steps = [.. steps.OrderBy(static step => step.KeepsInput ? 0 : 1)];
        _formats = _steps.Aggregate(ActivationFormat.None, static (all, step) => all | step.InputFormats);
        _adds = postNorm == null && scale == 1;
        if (_steps.Count(static step => !step.KeepsInput) > 1)
            throw new NotSupportedException("Two operators of a branch write over their input; give each a branch of its own.");
    }

    /// <summary>Adds the branch to the residual stream.</summary>
    public void Run(int thread)
    {
        var buffers = _context.Buffers;
        var x = _context.Prepare(thread, buffers.Residual, _context.Tokens, _context.Width, _norm, _formats);
        var target = _adds ? buffers.Residual : buffers.Branch;
        for (var i = 0; i < _steps.Length; i++)
        {
            _steps[i].Run(thread, x, target, _adds || i > 0);
            _context.Team.Barrier();
        }

        if (!_adds)
        {
            AddBranch(thread);
            _context.Team.Barrier();
        }
    }

    public void Dispose()
    {
        foreach (var step in _steps)
            step.Dispose();
    }

    private void AddBranch(int thread)
    {
        var width = _context.Width;
        var (first, end) = _context.Team.Share(_context.Tokens, thread);
        for (var token = first; token < end; token++)
        {
            var row = _context.Buffers.Branch.Floats + ((long)token * width);
            if (_postNorm != null)
                VectorMath<TLanes>.Scale(row, _postNorm, VectorMath<TLanes>.RmsScale(row, width, _context.Epsilon), row, width);
            VectorMath<TLanes>.Blend(row, _scale, _context.Buffers.Residual.Floats + ((long)token * width), 1, width);
        }
    }
}
