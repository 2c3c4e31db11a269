using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Joins the embeddings of a step's tokens with the hidden states with which they come.</summary>
internal sealed unsafe class HiddenInputStep<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly LayerContext<TLanes> _context;
    private readonly WeightMatrix _projection;
    private readonly float* _tokenNorm;
    private readonly float* _hiddenNorm;
    private readonly NativeBuffer _joined; // (2 width, tokens)

    /// <param name="context">Of the forward pass.</param>
    /// <param name="projection">(2 width, width).</param>
    /// <param name="tokenNorm">Gain for embeddings (width).</param>
    /// <param name="hiddenNorm">Gain for hidden states (width).</param>
    /// <param name="maxTokens">Of a step.</param>
    public HiddenInputStep(LayerContext<TLanes> context, WeightMatrix projection, float* tokenNorm, float* hiddenNorm, int maxTokens)
    {
        _context = context;
        _projection = projection;
        _tokenNorm = tokenNorm;
        _hiddenNorm = hiddenNorm;
        _joined = NativeBuffer.OfFloats(2L * maxTokens * context.Width);
    }

    /// <summary>Writes what the first layer takes in over the embeddings, which stand in the residual stream; a barrier is behind it.</summary>
    public void Run(int thread)
    {
        var (tokens, width) = (_context.Tokens, _context.Width);
        var stream = _context.Buffers.Residual.Floats;
        var states = _context.Plan.Inputs;
        var (first, end) = _context.Team.Share(tokens, thread);
        for (var token = first; token < end; token++)
        {
            var row = _joined.Floats + (2L * token * width);
            Norm(stream + ((long)token * width), _tokenNorm, row);
            states.Slice(token * width, width).CopyTo(new Span<float>(row + width, width));
            Norm(row + width, _hiddenNorm, row + width);
        }

        _context.Team.Barrier();
        var x = _context.Prepare(thread, _joined, tokens, 2 * width, null, _projection.Format);
        _context.Products.Store(thread, _projection, 0, _projection.Panels, x, _context.Identity, tokens, stream, width);
        _context.Team.Barrier();

        void Norm(float* from, float* gain, float* to) => VectorMath<TLanes>.Scale(from, gain, VectorMath<TLanes>.RmsScale(from, width, _context.Epsilon), to, width);
    }

    public void Dispose()
    {
        _projection.Dispose();
        _joined.Dispose();
    }
}
