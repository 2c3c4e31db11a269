using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>A dense feed-forward part.</summary>
internal sealed unsafe class FeedForwardStep<TLanes>(
    LayerContext<TLanes> context, FeedForwardActivation activation, WeightMatrix gate, WeightMatrix up, WeightMatrix down,
    ShareOfTokens<TLanes>? share) : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    public ActivationFormat InputFormats => gate.Format | up.Format | (share?.Format ?? ActivationFormat.None);

    public bool KeepsInput => false;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        var tokens = context.Tokens;
        var hidden = context.Buffers.Hidden;
        share?.Run(thread, x);
        var ending = new GateEnding { Activation = activation, OutputWeights = share is null ? null : share.Shares };
        context.Products.Gate(
            thread, gate, up, ending, x, context.Identity, tokens, hidden.Floats, gate.Rows);
        context.Team.Barrier();
        var rows = context.Prepare(thread, hidden, tokens, gate.Rows, null, down.Format);
        context.Project(thread, down, rows, target, adds, null);
    }

    public void Dispose()
    {
        share?.Dispose();
        gate.Dispose();
        up.Dispose();
        down.Dispose();
    }
}
