using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Layers;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// The latent attentions of a step. The matrices of heads are multiplied as those of experts are, a token being a pair with each head, so that all heads are one launch.
/// </summary>
internal sealed class LatentLayers
{
    private const int Row = KvPool.LatentValue + KvPool.LatentTurning;

    private readonly StepTools _tools;
    private readonly HeadTurns _turns;
    private readonly KvPool _kv;
    private readonly KvShares _shares;
    private readonly PagedAttention _attention;
    private readonly HeadShape _shape; // of what attention gives
    private readonly ExpertProducts _heads;
    private readonly Kernel _order;
    private readonly Kernel _rows;
    private readonly Kernel _halve;
    private readonly Kernel _query;
    private readonly DeviceBuffer _projected; // (rows of projections, tokens)
    private readonly DeviceBuffer? _down; // halves (padded queryRank, tokens)
    private readonly DeviceBuffer? _whole; // (plain and turning part, heads, tokens)
    private readonly DeviceBuffer _plain; // halves (padded plain, pairs)
    private readonly DeviceBuffer _products; // (rank or valueSize, pairs)
    private readonly DeviceBuffer _queries; // halves (row, pairs)
    private readonly DeviceBuffer _attended; // halves (padded rank, pairs)
    private readonly DeviceBuffer _values; // halves (padded values of heads, tokens)
    private readonly DeviceBuffer _orderOfPairs; // ints (pairs)
    private readonly DeviceBuffer _works; // ints (4, works)
    private SortedPairs _pairs; // of the step

    /// <param name="tools">Of the step.</param>
    /// <param name="layers">All of the model.</param>
    /// <param name="turns">Of the step.</param>
    /// <param name="kv">The cache.</param>
    /// <param name="shares">What attentions look at in it.</param>
    /// <param name="partialRows">Rows of partial attention.</param>
    public LatentLayers(StepTools tools, IReadOnlyCollection<LatentAttentionWeights> layers, HeadTurns turns, KvPool kv, KvShares shares, int partialRows)
    {
        const string File = "latent.cu";
        (_tools, _turns, _kv, _shares) = (tools, turns, kv, shares);
        _shape = new HeadShape(tools.Config.HeadCount, 1, KvPool.LatentValue);
        _attention = new PagedAttention(tools, kv, [_shape], latent: true, partialRows);
        _heads = new ExpertProducts(tools.Kernels);
        foreach (var layer in layers)
        {
            _heads.Prepare(layer.KeyHeads.Format, gated: false);
            _heads.Prepare(layer.ValueHeads.Format, gated: false);
        }

        _order = tools.Kernels.Get(File, "order_heads");
        _rows = tools.Kernels.Get(File, "latent_rows");
        _halve = tools.Kernels.Get(File, "halve_parts");
        _query = tools.Kernels.Get(File, "latent_queries");
        var heads = tools.Config.HeadCount;
        var widest = layers.Max(static layer => Math.Max(layer.KeyHeads.Padded, layer.ValueHeads.Padded));
        if ((long)tools.Rows * heads * widest > uint.MaxValue)
        {
            // Products count the halves of x in 32 bits.
            throw new CudaDeviceException($"{heads} heads of {tools.Rows} tokens, of {widest} values each, are too many for one step; have steps of fewer tokens (--step-tokens).");
        }

        var queryRank = layers.Max(static layer => layer.Query?.Padded ?? 0);
        _projected = tools.Allocate(4L * layers.Max(static layer => layer.Projections.Rows));
        _down = queryRank > 0 ? tools.Allocate(2L * queryRank) : null;
        _whole = queryRank > 0 ? tools.Allocate(4L * layers.Max(static layer => layer.Query?.Rows ?? 0)) : null;
        _plain = tools.Allocate(2L * heads * layers.Max(static layer => layer.KeyHeads.Padded));
        _products = tools.Allocate(4L * heads * layers.Max(static layer => Math.Max(layer.Rank, layer.ValueSize)));
        _queries = tools.Allocate(2L * heads * Row);
        _attended = tools.Allocate(2L * heads * layers.Max(static layer => layer.ValueHeads.Padded));
        _values = tools.Allocate(2L * layers.Max(static layer => layer.Output.Padded));
        _orderOfPairs = tools.Allocate(4L * heads);
        _works = tools.AllocateBytes(16L * SortedPairs.WorksOf(checked(tools.Rows * heads), heads, 8));
    }

    /// <summary>Queues what all layers need of a step's tokens: their pairs with each head, which lie by head.</summary>
    public void Begin(int tokens)
    {
        var heads = _tools.Config.HeadCount;
        var rows = SortedPairs.RowsOf(tokens * heads, heads);
        _pairs = new SortedPairs(_works.Pointer, _orderOfPairs.Pointer, heads * ((tokens + rows - 1) / rows), rows);
        _order.With(_pairs.Order).With(_pairs.Works).With(tokens).With(heads).With(rows).Launch(((tokens * heads) + 255) / 256, 1, 256);
    }

    /// <summary>Queues an attention.</summary>
    /// <param name="layer">Which.</param>
    /// <param name="x">(padded width, rows): halves.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="target">Where to.</param>
    public void Run(LatentAttentionWeights layer, CUdeviceptr x, int tokens, PartTarget target)
    {
        var heads = _tools.Config.HeadCount;
        var works = _tools.Layout.Attention[_shares.ViewOf(layer.Index)];
        var offset = _kv.LayerOffset(layer.Index);
        var padded = layer.ValueHeads.Padded;
        var (queries, stride) = layer.Query is { } query ? (_whole!.Pointer, query.Rows) : (_projected.Pointer, layer.Projections.Rows);
        if (_tools.Has(StepParts.Products))
        {
            _tools.Products.Multiply(layer.Projections, x, tokens, _projected.Pointer);
        }

        if (_tools.Has(StepParts.Rope))
        {
            StoreRows(layer, works, offset, tokens);
        }

        if (_tools.Has(StepParts.Products))
        {
            if (layer.Query is { } second)
            {
                _tools.Products.Multiply(second, _down!.Pointer, tokens, _whole!.Pointer, second.Rows);
            }

            Halve(queries, stride, heads, layer.PlainSize + layer.TurningSize, _plain, layer.PlainSize, layer.KeyHeads.Padded, tokens * heads);
            _heads.Multiply(layer.KeyHeads, heads, layer.Rank, _pairs, _plain.Pointer, _products.Pointer, 1, default);
        }

        if (_tools.Has(StepParts.Rope))
        {
            _query.With(_products.Pointer).With(queries).With(stride).With(_turns.Of(layer.Rope)).With(_queries.Pointer).With(heads).With(layer.Rank).With(layer.PlainSize)
                .With(layer.TurningSize).With(_turns.Interleaved(layer.Rope)).With(layer.ScoreScale).Launch(tokens, (heads + 3) / 4, 128);
        }

        if (_tools.Has(StepParts.Attention))
        {
            _attention.Attend(_shape, works, _queries.Pointer, offset, _attended.Pointer, heads * padded, padded, default);
        }

        if (_tools.Has(StepParts.Products))
        {
            _heads.Multiply(layer.ValueHeads, heads, layer.ValueSize, _pairs, _attended.Pointer, _products.Pointer, 1, default);
            var width = heads * layer.ValueSize;
            Halve(_products.Pointer, width, 1, width, _values, width, layer.Output.Padded, tokens);
            _tools.Products.Multiply(layer.Output, _values.Pointer, tokens, target.Pointer, _tools.Config.Width, target.Scale, target.Adds);
        }
    }

    // The latent row of each token to its cell; what queries come from, normalised.
    private void StoreRows(LatentAttentionWeights layer, AttentionWorks works, long offset, int tokens) =>
        _rows.With(_projected.Pointer).With(layer.Projections.Rows).With(layer.QueryRank).With(layer.QueryNorm?.Pointer ?? default).With(_down?.Pointer ?? default)
            .With(layer.Query?.Padded ?? 0).With(layer.Rank).With(layer.LatentNorm.Pointer).With(_turns.Of(layer.Rope)).With(layer.TurningSize)
            .With(_turns.Interleaved(layer.Rope)).With(_tools.Layout.Cells(works.View.Group)).With(_kv.Pointer).With(_kv.BlockBytes).With(offset)
            .With(_tools.Config.NormEpsilon).Launch(tokens, 1, 256);

    private void Halve(CUdeviceptr x, int stride, int each, int size, DeviceBuffer y, int columns, int padded, int rows) =>
        _halve.With(x).With(stride).With(each).With(size).With(y.Pointer).With(columns).With(padded).Launch(rows, (padded + 127) / 128, 128);
}
