using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>
/// Latent attention. A key, and a value, is (turning part, c), so that the first values of a head turn as in any other attention; of what attention gives
/// only the part of c is used.
/// </summary>
/// <param name="context">Of the forward pass.</param>
/// <param name="attention">Among latent rows.</param>
/// <param name="layer">What that reads.</param>
/// <param name="latent">What it is.</param>
/// <param name="weights">Its weights.</param>
/// <param name="buffers">Working memory.</param>
internal sealed unsafe class LatentAttentionStep<TLanes>(
    LayerContext<TLanes> context, IAttentionPhase attention, AttentionLayer layer, LatentAttentionOperator latent, LatentWeights weights, LatentBuffers buffers)
    : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly int _heads = latent.Core.Heads.Count;
    private readonly int _rank = latent.Rank;
    private readonly int _plain = latent.PlainSize;
    private readonly int _turning = latent.TurningSize;

    public ActivationFormat InputFormats => (weights.QueryDown ?? weights.Query).Format | weights.Key.Format;

    public bool KeepsInput => false;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        Project(thread, x);
        context.Team.Barrier();
        Split(thread);
        context.Team.Barrier();
        Multiply(thread, weights.KeyHeads, _plain, context.Buffers.Query.Floats + _turning, latent.Core.Heads.QueryWidth, latent.Core.Heads.Size);
        context.Team.Barrier();
        attention.Rotate(thread, layer);
        context.Team.Barrier();
        attention.Attend(thread, layer);
        context.Team.Barrier();
        var size = latent.Core.Heads.Size;
        var (first, end) = context.Team.Share(context.Tokens * _heads, thread);
        for (var i = first; i < end; i++)
        {
            var (token, head) = Math.DivRem(i, _heads);
            Put(token, head, context.Buffers.Attended.Floats + ((long)i * size) + _turning, _rank, weights.ValueHeads[0].Format);
        }

        context.Team.Barrier();
        Multiply(thread, weights.ValueHeads, _rank, buffers.Values.Floats, _heads * latent.ValueSize, latent.ValueSize);
        context.Team.Barrier();
        var rows = context.Prepare(thread, buffers.Values, context.Tokens, _heads * latent.ValueSize, null, weights.Output.Format);
        context.Project(thread, weights.Output, rows, target, adds, null);
    }

    public void Dispose() => weights.Dispose();

    /// <summary>Queries, plain and turning parts of heads, and keys: c and the turning part.</summary>
    private void Project(int thread, in ActivationView x)
    {
        var (products, tokens) = (context.Products, context.Tokens);
        var rows = context.Identity;
        var query = weights.QueryDown ?? weights.Query;
        var output = weights.QueryDown is null ? buffers.Queries : buffers.Down;
        var panels = query.Panels + weights.Key.Panels;
        products.Store(thread, query, 0, panels, x, rows, tokens, output.Floats, query.Rows);
        products.Store(thread, weights.Key, query.Panels, panels, x, rows, tokens, buffers.Keys.Floats, weights.Key.Rows);
        if (weights.QueryDown is null)
            return;
        context.Team.Barrier();
        var down = context.Prepare(thread, buffers.Down, tokens, query.Rows, (float*)weights.QueryNorm, weights.Query.Format);
        products.Store(thread, weights.Query, 0, weights.Query.Panels, down, rows, tokens, buffers.Queries.Floats, weights.Query.Rows);
    }

    /// <summary>The parts of queries and keys to where they go on; c is normalised.</summary>
    private void Split(int thread)
    {
        var size = latent.Core.Heads.Size;
        var (first, end) = context.Team.Share(context.Tokens * _heads, thread);
        for (var i = first; i < end; i++)
        {
            var (token, head) = Math.DivRem(i, _heads);
            var query = buffers.Queries.Floats + ((long)i * (_plain + _turning));
            Put(token, head, query, _plain, weights.KeyHeads[0].Format);
            new ReadOnlySpan<float>(query + _plain, _turning).CopyTo(new Span<float>(context.Buffers.Query.Floats + ((long)i * size), _turning));
            if (head > 0)
                continue;
            var source = buffers.Keys.Floats + ((long)token * size);
            var key = context.Buffers.Key.Floats + ((long)token * size);
            new ReadOnlySpan<float>(source + _rank, _turning).CopyTo(new Span<float>(key, _turning));
            VectorMath<TLanes>.Scale(source, (float*)weights.LatentNorm, VectorMath<TLanes>.RmsScale(source, _rank, context.Epsilon), key + _turning, _rank);
        }
    }

    private void Put(int token, int head, float* values, int columns, ActivationFormat format) =>
        buffers.Parts.Write<TLanes>(format, (head * buffers.MaxTokens) + token, values, columns);

    /// <summary>Each head's matrix times its rows; the results of a head lie <paramref name="step"/> behind those of the one before.</summary>
    private void Multiply(int thread, WeightMatrix[] matrices, int columns, float* output, int stride, int step)
    {
        var panels = matrices[0].Panels;
        var x = new ActivationView(buffers.Parts, columns);
        for (var head = 0; head < _heads; head++)
        {
            context.Products.Store(
                thread, matrices[head], head * panels, _heads * panels, x, (int*)buffers.HeadRows.Data + (head * buffers.MaxTokens), context.Tokens,
                output + (head * step), stride);
        }
    }
}
