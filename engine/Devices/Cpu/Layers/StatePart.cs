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
            var done = 0;
            if (slice.SpareSlot >= 0)
            {
                done = slice.SpareAfter;
                convolution.Run(input + at, done, state, first, end, buffers.Convolved.Floats + at);
                convolution.CopyState(state, buffers.States.State(slice.SpareSlot, layer), first, end);
                at += (long)done * channels;
            }

            if (done < slice.TokenCount)
                convolution.Run(input + at, slice.TokenCount - done, state, first, end, buffers.Convolved.Floats + at);
        }
    }

    /// <summary>The memory of a head, cleared where a sequence begins.</summary>
    public float* Memory(in StepSlice slice, int head, int floats)
    {
        var memory = Memory(slice.StateSlot, head, floats);
        if (slice.StartPosition == 0)
            new Span<float>(memory, floats).Clear();
        return memory;
    }

    /// <summary>Behind the token of the step's number <paramref name="token"/>: keeps the memory of a head as it is now, if the slice wants it so.</summary>
    public void Keep(in StepSlice slice, int token, int head, float* memory, int floats)
    {
        if (slice.SpareSlot >= 0 && token == slice.TokenOffset + slice.SpareAfter - 1)
            new ReadOnlySpan<float>(memory, floats).CopyTo(new Span<float>(Memory(slice.SpareSlot, head, floats), floats));
    }

    /// <summary>log(1 + e^x).</summary>
    public static float SoftPlus(float x) => MathF.Max(x, 0) + (float)NaturalLogarithm.Of(1 + VectorMath<TLanes>.Exp(-MathF.Abs(x)));

    private float* Memory(int slot, int head, int floats) => buffers.States.State(slot, layer) + convolution.StateFloats + ((long)head * floats);
}
