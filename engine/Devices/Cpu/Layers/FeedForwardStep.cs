using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>A dense feed-forward part.</summary>
internal sealed unsafe class FeedForwardStep<TLanes>(
    LayerContext<TLanes> context, FeedForwardActivation activation, WeightMatrix gate, WeightMatrix up, WeightMatrix down) : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    public ActivationFormat InputFormats => gate.Format | up.Format;

    public bool KeepsInput => false;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        var tokens = context.Tokens;
        var hidden = context.Buffers.Hidden;
        context.Products.Gate(
            thread, gate, up, new GateEnding { Activation = activation }, x, context.Identity, tokens, hidden.Floats, gate.Rows);
        context.Team.Barrier();
        var rows = context.Prepare(thread, hidden, tokens, gate.Rows, null, down.Format);
        context.Project(thread, down, rows, target, adds, null);
    }

    public void Dispose()
    {
        gate.Dispose();
        up.Dispose();
        down.Dispose();
    }
}
