using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Attention of a layer with its projections.</summary>
internal sealed unsafe class AttentionStep<TLanes>(
    LayerContext<TLanes> context, IAttentionPhase attention, AttentionLayer layer, WeightMatrix query, WeightMatrix? key, WeightMatrix? value,
    WeightMatrix output, float* outputBias) : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly float* _outputBias = outputBias;

    public ActivationFormat InputFormats => query.Format | (key?.Format ?? ActivationFormat.None) | (value?.Format ?? ActivationFormat.None);

    public bool KeepsInput => false;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        var (tokens, buffers) = (context.Tokens, context.Buffers);
        var rows = context.Identity;
        var keyPanels = key?.Panels ?? 0;
        var panels = query.Panels + keyPanels + (value?.Panels ?? 0);
        context.Products.Store(thread, query, 0, panels, x, rows, tokens, buffers.Query.Floats, query.Rows);
        if (key is not null)
            context.Products.Store(thread, key, query.Panels, panels, x, rows, tokens, buffers.Key.Floats, key.Rows);
        if (value is not null)
            context.Products.Store(thread, value, query.Panels + keyPanels, panels, x, rows, tokens, buffers.Value.Floats, value.Rows);
        context.Team.Barrier();
        attention.Rotate(thread, layer);
        context.Team.Barrier();
        attention.Attend(thread, layer);
        context.Team.Barrier();
        var attended = context.Prepare(thread, buffers.Attended, tokens, output.Columns, null, output.Format);
        context.Project(thread, output, attended, target, adds, _outputBias);
    }

    public void Dispose()
    {
        query.Dispose();
        key?.Dispose();
        value?.Dispose();
        output.Dispose();
    }
}
