using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Mamba-2: the projection, then the convolution by channels, then the recurrence by heads, then the norm by groups.</summary>
/// <param name="context">Of the forward pass.</param>
/// <param name="buffers">Working memory.</param>
/// <param name="layer">Number of its state.</param>
/// <param name="mamba">What it is.</param>
/// <param name="weights">Its weights.</param>
internal sealed unsafe class Mamba2Step<TLanes>(
    LayerContext<TLanes> context, StateBuffers buffers, int layer, Mamba2Operator mamba, Mamba2Weights<TLanes> weights) : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly StatePart<TLanes> _state = new(context, buffers, layer, weights.Convolution);
    private readonly int _inner = mamba.Inner;
    private readonly int _channels = mamba.Channels;
    private readonly int _headSize = mamba.HeadSize;
    private readonly int _stateSize = mamba.StateSize;

    public ActivationFormat InputFormats => weights.Input.Format;

    public bool KeepsInput => false;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        var input = weights.Input;
        context.Products.Store(thread, input, 0, input.Panels, x, context.Identity, context.Tokens, buffers.Input.Floats, input.Rows);
        context.Team.Barrier();
        Convolve(thread);
        context.Team.Barrier();
        foreach (ref readonly var slice in context.Plan.Slices)
        {
            for (var head = thread; head < mamba.Heads; head += context.Team.Count)
                Recur(slice, head);
        }

        context.Team.Barrier();
        Normalise(thread);
        context.Team.Barrier();
        var rows = context.Prepare(thread, buffers.Output, context.Tokens, _inner, null, weights.Output.Format);
        context.Project(thread, weights.Output, rows, target, adds, null);
    }

    public void Dispose() => weights.Dispose();

    private float* InputOf(int token) => buffers.Input.Floats + ((long)token * weights.Input.Rows);

    private void Convolve(int thread)
    {
        var (first, end) = context.ShareInVectors(thread, _channels);
        if (end == first)
            return;
        var count = end - first;
        for (var t = 0; t < context.Tokens; t++)
            new ReadOnlySpan<float>(InputOf(t) + _inner + first, count).CopyTo(new Span<float>(buffers.Channels.Floats + ((long)t * _channels) + first, count));
        _state.Convolve(buffers.Channels.Floats, _channels, first, end);
        for (var t = 0; t < context.Tokens; t++)
        {
            var row = buffers.Convolved.Floats + ((long)t * _channels) + first;
            VectorMath<TLanes>.Add((float*)weights.ConvolutionBias + first, row, count);
            VectorMath<TLanes>.Silu(row, count);
        }
    }

    /// <summary>One head of all tokens of a slice.</summary>
    private void Recur(in StepSlice slice, int head)
    {
        var group = head / (mamba.Heads / mamba.Groups);
        var memory = _state.Memory(slice, head, _headSize * _stateSize);
        var skip = ((float*)weights.Skip)[head];
        for (var token = slice.TokenOffset; token < slice.TokenOffset + slice.TokenCount; token++)
        {
            var row = buffers.Convolved.Floats + ((long)token * _channels);
            var b = row + _inner + (group * _stateSize);
            var c = b + (mamba.Groups * _stateSize);
            var x = row + (head * _headSize);
            var output = buffers.Output.Floats + ((long)token * _inner) + (head * _headSize);
            var raw = InputOf(token)[_inner + _channels + head] + ((float*)weights.StepBias)[head];
            var step = StatePart<TLanes>.SoftPlus(raw);
            var decay = VectorMath<TLanes>.Exp(step * ((float*)weights.DecayRate)[head]);
            for (var p = 0; p < _headSize; p++)
            {
                var state = memory + (p * _stateSize);
                VectorMath<TLanes>.Multiply(state, decay, state, _stateSize);
                output[p] = MathF.FusedMultiplyAdd(skip, x[p], VectorMath<TLanes>.AddAndDot(b, step * x[p], state, c, _stateSize));
            }

            _state.Keep(slice, token, head, memory, _headSize * _stateSize);
        }
    }

    private void Normalise(int thread)
    {
        var size = _inner / mamba.Groups;
        var (first, end) = context.Team.Share(context.Tokens * mamba.Groups, thread);
        for (var i = first; i < end; i++)
        {
            var (token, group) = Math.DivRem(i, mamba.Groups);
            var gate = InputOf(token) + (group * size);
            var row = buffers.Output.Floats + ((long)token * _inner) + (group * size);
            VectorMath<TLanes>.Silu(gate, size);
            VectorMath<TLanes>.MultiplyEach(gate, row, row, size);
            VectorMath<TLanes>.Scale(row, (float*)weights.OutputNorm + (group * size), VectorMath<TLanes>.RmsScale(row, size, context.Epsilon), row, size);
        }
    }
}
