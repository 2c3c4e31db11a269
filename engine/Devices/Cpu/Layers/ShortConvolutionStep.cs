using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>A gated short convolution.</summary>
/// <param name="context">Of the forward pass.</param>
/// <param name="buffers">Working memory.</param>
/// <param name="layer">Number of its state.</param>
/// <param name="input">(width, 3 width).</param>
/// <param name="convolution">Of each channel.</param>
/// <param name="output">(width, width).</param>
internal sealed unsafe class ShortConvolutionStep<TLanes>(
    LayerContext<TLanes> context, StateBuffers buffers, int layer, WeightMatrix input, CausalConvolution<TLanes> convolution, WeightMatrix output) : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    public ActivationFormat InputFormats => input.Format;

    public bool KeepsInput => false;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        var tokens = context.Tokens;
        context.Products.Store(thread, input, 0, input.Panels, x, context.Identity, tokens, buffers.Input.Floats, input.Rows);
        context.Team.Barrier();
        var channels = output.Columns;
        var (first, end) = context.ShareInVectors(thread, channels);
        for (var t = 0; t < tokens && end > first; t++)
        {
            var row = buffers.Input.Floats + ((long)t * input.Rows);
            VectorMath<TLanes>.MultiplyEach(row + first, row + (2 * channels) + first, buffers.Channels.Floats + ((long)t * channels) + first, end - first);
        }

        new StatePart<TLanes>(context, buffers, layer, convolution).Convolve(buffers.Channels.Floats, channels, first, end);
        for (var t = 0; t < tokens && end > first; t++)
        {
            var gate = buffers.Input.Floats + ((long)t * input.Rows) + channels;
            var at = ((long)t * channels) + first;
            VectorMath<TLanes>.MultiplyEach(gate + first, buffers.Convolved.Floats + at, buffers.Output.Floats + at, end - first);
        }

        context.Team.Barrier();
        var rows = context.Prepare(thread, buffers.Output, tokens, channels, null, output.Format);
        context.Project(thread, output, rows, target, adds, null);
    }

    public void Dispose()
    {
        input.Dispose();
        convolution.Dispose();
        output.Dispose();
    }
}
