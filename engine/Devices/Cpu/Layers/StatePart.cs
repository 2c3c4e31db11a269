using Crescent.Engine.Sampling;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>What operators that keep a state do alike: the convolution by channels, whose state stands first, and the memory of each head behind it.</summary>
/// <param name="context">Of the forward pass.</param>
/// <param name="buffers">Working memory.</param>
/// <param name="layer">Number of the state.</param>
/// <param name="convolution">Of the operator.</param>
internal readonly unsafe struct StatePart<TLanes>(LayerContext<TLanes> context, StateBuffers buffers, int layer, CausalConvolution<TLanes> convolution)
    where TLanes : unmanaged, ILanes<TLanes>
{
    /// <summary>Convolves channels <paramref name="first"/> to before <paramref name="end"/> of all tokens of the step into <see cref="StateBuffers.Convolved"/>.</summary>
    /// <param name="input">(channels, tokens).</param>
    /// <param name="channels">Channels.</param>
    /// <param name="first">Channel.</param>
    /// <param name="end">Channel.</param>
    public void Convolve(float* input, int channels, int first, int end)
    {
        if (end == first)
            return;
        foreach (ref readonly var slice in context.Plan.Slices)
        {
            var state = buffers.States.State(slice.StateSlot, layer);
            if (slice.StartPosition == 0)
                LayerContext<TLanes>.ClearColumns(state, convolution.StateFloats, channels, first, end);
            var at = (long)slice.TokenOffset * channels;
            convolution.Run(input + at, slice.TokenCount, state, first, end, buffers.Convolved.Floats + at);
        }
    }

    /// <summary>The memory of a head, cleared where a sequence begins.</summary>
    public float* Memory(in StepSlice slice, int head, int floats)
    {
        var memory = buffers.States.State(slice.StateSlot, layer) + convolution.StateFloats + ((long)head * floats);
        if (slice.StartPosition == 0)
            new Span<float>(memory, floats).Clear();
        return memory;
    }

    /// <summary>log(1 + e^x).</summary>
    public static float SoftPlus(float x) => MathF.Max(x, 0) + (float)NaturalLogarithm.Of(1 + VectorMath<TLanes>.Exp(-MathF.Abs(x)));
}
