using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>
/// A branch beside the residual stream. Its operators add to the stream themselves; only where there is a norm or a scale behind them, or several parts, do they
/// write to a buffer of their own first.
/// </summary>
internal sealed unsafe class BranchStep<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly LayerContext<TLanes> _context;
    private readonly BranchPart[] _parts;
    private readonly NativeBuffer? _further;
    private readonly float* _postNorm;
    private readonly float _scale;
    private readonly float _keep;
    private readonly bool _adds;

    /// <param name="context">Of the forward pass.</param>
    /// <param name="parts">What it computes.</param>
    /// <param name="further">(width, tokens): where parts behind the first write; null where there is one.</param>
    /// <param name="postNorm">Gain behind the sum of several parts (width), or null.</param>
    /// <param name="scale">What the output is multiplied by.</param>
    /// <param name="streamScale">What the stream is multiplied by when the branch has been added.</param>
    public BranchStep(LayerContext<TLanes> context, BranchPart[] parts, NativeBuffer? further, float* postNorm, float scale, float streamScale)
    {
        _context = context;
        _parts = parts;
        _further = further;
        _postNorm = parts.Length == 1 ? parts[0].PostNorm : postNorm;
        (_scale, _keep) = (scale * streamScale, streamScale);
        _adds = _postNorm == null && _scale == 1 && _keep == 1 && parts.Length == 1;
    }

    /// <summary>Adds the branch to the residual stream.</summary>
    public void Run(int thread)
    {
        var buffers = _context.Buffers;
        for (var p = 0; p < _parts.Length; p++)
        {
            var part = _parts[p];
            var x = _context.Prepare(thread, buffers.Residual, _context.Tokens, _context.Width, part.Norm, part.Formats);
            var target = _adds ? buffers.Residual : p == 0 ? buffers.Branch : _further!;
            for (var i = 0; i < part.Steps.Length; i++)
            {
                part.Steps[i].Run(thread, x, target, _adds || i > 0);
                _context.Team.Barrier();
            }

            if (_parts.Length > 1)
                Join(thread, part, target);
        }

        if (!_adds)
        {
            AddBranch(thread);
            _context.Team.Barrier();
        }
    }

    public void Dispose()
    {
        foreach (var part in _parts)
            part.Dispose();
    }

    // Rows are those that the same thread adds to the stream in the end.
    private void Join(int thread, BranchPart part, NativeBuffer target)
    {
        var width = _context.Width;
        var (first, end) = _context.Team.Share(_context.Tokens, thread);
        for (var token = first; token < end; token++)
        {
            var row = target.Floats + ((long)token * width);
            if (part.PostNorm != null)
                VectorMath<TLanes>.Scale(row, part.PostNorm, VectorMath<TLanes>.RmsScale(row, width, _context.Epsilon), row, width);
            if (!ReferenceEquals(target, _context.Buffers.Branch))
                VectorMath<TLanes>.Add(row, _context.Buffers.Branch.Floats + ((long)token * width), width);
        }
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
            VectorMath<TLanes>.Blend(row, _scale, _context.Buffers.Residual.Floats + ((long)token * width), _keep, width);
        }
    }
}
