using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>A layer's part of what layers are told of tokens.</summary>
internal sealed unsafe class PerLayerInputStep<TLanes>(LayerContext<TLanes> context, PerLayerInputs<TLanes> inputs, int layer, WeightMatrix gate, WeightMatrix output) : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    public ActivationFormat InputFormats => gate.Format;

    public bool KeepsInput => false;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        var (tokens, hidden, size) = (context.Tokens, context.Buffers.Hidden, output.Columns);
        context.Products.Store(thread, gate, 0, gate.Panels, x, context.Identity, tokens, hidden.Floats, size);
        context.Team.Barrier();
        var (first, end) = context.Team.Share(tokens, thread);
        for (var token = first; token < end; token++)
        {
            var row = hidden.Floats + ((long)token * size);
            VectorMath<TLanes>.GeluMultiply(row, inputs.Told(token, layer), row, size);
        }

        context.Team.Barrier();
        var rows = context.Prepare(thread, hidden, tokens, size, null, output.Format);
        context.Project(thread, output, rows, target, adds, null);
    }

    public void Dispose()
    {
        gate.Dispose();
        output.Dispose();
    }
}
