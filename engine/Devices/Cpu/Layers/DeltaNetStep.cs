using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>
/// A gated delta net: projections, then the convolution by channels, then the recurrence by heads, token after token, so that a token has the same bits
/// however its prompt is cut.
/// </summary>
/// <param name="context">Of the forward pass.</param>
/// <param name="buffers">Working memory.</param>
/// <param name="layer">Number of its state.</param>
/// <param name="net">What it is.</param>
/// <param name="weights">Its weights.</param>
internal sealed unsafe class DeltaNetStep<TLanes>(
    LayerContext<TLanes> context, StateBuffers buffers, int layer, GatedDeltaNetOperator net, DeltaNetWeights<TLanes> weights) : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly StatePart<TLanes> _state = new(context, buffers, layer, weights.Convolution);
    private readonly int _size = net.HeadSize;
    private readonly int _valueHeads = net.ValueHeads;
    private readonly int _group = net.ValueHeads / net.KeyHeads;

    public ActivationFormat InputFormats => weights.Rates.Aggregate(weights.QueryKeyValue.Format | weights.Gate.Format, static (all, matrix) => all | matrix.Format);

    public bool KeepsInput => false;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        Project(thread, x);
        context.Team.Barrier();
        Convolve(thread);
        context.Team.Barrier();
        foreach (ref readonly var slice in context.Plan.Slices)
        {
            for (var head = thread; head < _valueHeads; head += context.Team.Count)
                Recur(thread, slice, head);
        }

        context.Team.Barrier();
        var rows = context.Prepare(thread, buffers.Output, context.Tokens, net.ValueWidth, null, weights.Output.Format);
        context.Project(thread, weights.Output, rows, target, adds, null);
    }

    public void Dispose() => weights.Dispose();

    private void Project(int thread, in ActivationView x)
    {
        var (products, tokens, panels) = (context.Products, context.Tokens, weights.QueryKeyValue.Panels + weights.Gate.Panels);
        foreach (var matrix in weights.Rates)
            panels += matrix.Panels;
        products.Store(thread, weights.QueryKeyValue, 0, panels, x, context.Identity, tokens, buffers.Input.Floats, net.Channels);
        products.Store(thread, weights.Gate, weights.QueryKeyValue.Panels, panels, x, context.Identity, tokens, buffers.Gate.Floats, net.ValueWidth);
        var (before, row) = (weights.QueryKeyValue.Panels + weights.Gate.Panels, 0);
        foreach (var matrix in weights.Rates)
        {
            products.Store(thread, matrix, before, panels, x, context.Identity, tokens, buffers.Rates.Floats + row, 2 * _valueHeads);
            before += matrix.Panels;
            row += matrix.Rows;
        }
    }

    private void Convolve(int thread)
    {
        var channels = net.Channels;
        var (first, end) = context.ShareInVectors(thread, channels);
        _state.Convolve(buffers.Input.Floats, channels, first, end);
        for (var t = 0; t < context.Tokens && end > first; t++)
            VectorMath<TLanes>.Silu(buffers.Convolved.Floats + ((long)t * channels) + first, end - first);
    }

    /// <summary>One head of all tokens of a slice.</summary>
    private void Recur(int thread, in StepSlice slice, int head)
    {
        var keyHead = net.NeighboursShareKeys ? head / _group : head % net.KeyHeads;
        var memory = _state.Memory(slice, head, _size * _size);
        var query = buffers.Row(thread);
        var key = query + _size;
        for (var token = slice.TokenOffset; token < slice.TokenOffset + slice.TokenCount; token++)
        {
            var row = buffers.Convolved.Floats + ((long)token * net.Channels);
            Normalise(row + (keyHead * _size), 1 / MathF.Sqrt(_size), query);
            Normalise(row + ((net.KeyHeads + keyHead) * _size), 1, key);
            var value = row + (2 * net.KeyHeads * _size) + (head * _size);
            var (beta, decay) = RatesOf(token, head);
            var output = buffers.Output.Floats + ((long)token * net.ValueWidth) + (head * _size);
            for (var v = 0; v < _size; v++)
            {
                // What the key recalls moves towards the value.
                var recalls = memory + (v * _size);
                var recalled = VectorMath<TLanes>.ScaleAndDot(recalls, decay, key, _size);
                output[v] = VectorMath<TLanes>.AddAndDot(key, beta * (value[v] - recalled), recalls, query, _size);
            }

            VectorMath<TLanes>.Scale(output, (float*)weights.OutputNorm, VectorMath<TLanes>.RmsScale(output, _size, context.Epsilon), output, _size);
            _state.Keep(slice, token, head, memory, _size * _size);
            VectorMath<TLanes>.SiluMultiply(buffers.Gate.Floats + ((long)token * net.ValueWidth) + (head * _size), output, output, _size);
        }
    }

    private void Normalise(float* x, float factor, float* output) =>
        VectorMath<TLanes>.Multiply(x, factor / MathF.Max(MathF.Sqrt(VectorMath<TLanes>.Dot(x, x, _size)), context.Epsilon), output, _size);

    private (float Beta, float Decay) RatesOf(int token, int head)
    {
        var rates = buffers.Rates.Floats + ((long)token * 2 * _valueHeads);
        var together = weights.Rates.Length == 1;
        var at = together ? (head / _group * 2 * _group) + (head % _group) : head;
        var alpha = rates[at + (together ? _group : _valueHeads)] + ((float*)weights.DecayBias)[head];
        return (1 / (1 + VectorMath<TLanes>.Exp(-rates[at])), VectorMath<TLanes>.Exp(((float*)weights.DecayRate)[head] * StatePart<TLanes>.SoftPlus(alpha)));
    }
}
