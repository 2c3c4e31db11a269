using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>What each layer is told of the tokens of a step, computed before the first.</summary>
internal sealed unsafe class PerLayerInputs<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly LayerContext<TLanes> _context;
    private readonly PerLayerInput _input;
    private readonly WeightMatrix _projection;
    private readonly float* _norm;
    private readonly NativeBuffer _told; // (values of all layers, tokens)
    private readonly NativeBuffer[] _rows; // a thread: a row of the tokens' table (values of all layers)

    /// <param name="context">Of the forward pass.</param>
    /// <param name="input">What it is.</param>
    /// <param name="projection">(width, values of all layers).</param>
    /// <param name="norm">Gain (values of a layer).</param>
    /// <param name="maxTokens">Of a step.</param>
    public PerLayerInputs(LayerContext<TLanes> context, PerLayerInput input, WeightMatrix projection, float* norm, int maxTokens)
    {
        _context = context;
        _input = input;
        _projection = projection;
        _norm = norm;
        _told = NativeBuffer.OfFloats((long)maxTokens * input.AllSize);
        _rows = [.. Enumerable.Range(0, context.Team.Count).Select(_ => NativeBuffer.OfFloats(input.AllSize))];
    }

    /// <summary>What a layer is told of a token (values of a layer).</summary>
    public float* Told(int token, int layer) => _told.Floats + ((long)token * _input.AllSize) + ((long)layer * _input.Size);

    /// <summary>Computes it for all tokens of the step, whose embeddings stand in the residual stream; a barrier is behind it.</summary>
    public void Run(int thread)
    {
        var (tokens, size) = (_context.Tokens, _input.Size);
        var x = _context.Prepare(thread, _context.Buffers.Residual, tokens, _context.Width, null, _projection.Format);
        _context.Products.Store(thread, _projection, 0, _projection.Panels, x, _context.Identity, tokens, _told.Floats, _input.AllSize);
        _context.Team.Barrier();
        var width = 1 / MathF.Sqrt(_context.Width);
        var ids = _context.Plan.AllTokens;
        var row = _rows[thread].Floats;
        var (first, end) = _context.Team.Share(tokens, thread);
        for (var token = first; token < end; token++)
        {
            Dequantizer.Dequantize(_input.Tokens.Type, _input.Tokens.Row(ids[token]), new Span<float>(row, _input.AllSize));
            for (var at = 0; at < _input.AllSize; at += size)
            {
                var told = _told.Floats + ((long)token * _input.AllSize) + at;
                VectorMath<TLanes>.Multiply(told, width, told, size);
                VectorMath<TLanes>.Scale(told, _norm, VectorMath<TLanes>.RmsScale(told, size, _context.Epsilon), told, size);
                VectorMath<TLanes>.Blend(row + at, MathF.Sqrt(size / 2f), told, MathF.Sqrt(0.5f), size);
            }
        }

        _context.Team.Barrier();
    }

    public void Dispose()
    {
        _projection.Dispose();
        _told.Dispose();
        foreach (var row in _rows)
            row.Dispose();
    }
}
