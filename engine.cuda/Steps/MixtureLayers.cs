using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using Crescent.Engine.Model.Architectures;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// The mixtures of a step. A token is a pair with each of its experts; pairs are sorted by expert on the GPU, so that an expert's weights are read once for all its rows
/// and nothing waits for the host. How many kernels there are, and of how many blocks, follows from the number of tokens alone.
/// </summary>
internal sealed class MixtureLayers
{
    private const string Purpose = "work space";
    private const int LeastRows = 8; // of a work: the most works

    private readonly ModelConfig _config;
    private readonly MatrixProducts _products;
    private readonly ExpertProducts _experts;
    private readonly Kernel _choose;
    private readonly Kernel _sort;
    private readonly Kernel _add;
    private readonly DeviceBuffer _logits; // (experts, tokens)
    private readonly DeviceBuffer _chosen; // ints (used, tokens)
    private readonly DeviceBuffer _weights; // (used, tokens)
    private readonly DeviceBuffer _order; // ints (pairs)
    private readonly DeviceBuffer _works; // ints (4, works)
    private readonly DeviceBuffer _hidden; // halves (padded hidden width, pairs)
    private readonly DeviceBuffer _outputs; // (width, pairs)

    /// <param name="config">Shape.</param>
    /// <param name="layers">All mixtures of the model.</param>
    /// <param name="kernels">Of the GPU.</param>
    /// <param name="memory">Of the GPU.</param>
    /// <param name="tokens">Of a step at most, rounded up to <see cref="MatrixProducts.RowGroup"/>.</param>
    /// <param name="products">Of the GPU.</param>
    public MixtureLayers(ModelConfig config, IReadOnlyCollection<ExpertWeights> layers, KernelLibrary kernels, DeviceMemory memory, int tokens, MatrixProducts products)
    {
        _config = config;
        _products = products;
        _experts = new ExpertProducts(kernels);
        foreach (var layer in layers)
        {
            _experts.Prepare(layer);
        }

        _choose = kernels.Get("mixture.cu", "choose_experts");
        _sort = kernels.Get("mixture.cu", "sort_pairs");
        _add = kernels.Get("mixture.cu", "add_experts");
        var experts = layers.Max(static layer => layer.Count);
        var pairs = checked(tokens * layers.Max(static layer => layer.Used));
        var hidden = layers.Max(static layer => layer.Down.Padded);
        if ((long)pairs * Math.Max(hidden, layers.Max(static layer => layer.GateUp.Padded)) > uint.MaxValue)
        {
            // Products count the halves of x in 32 bits.
            throw new CudaDeviceException($"{pairs} rows of experts, of {hidden} values each, are too many for one step; have steps of fewer tokens (--step-tokens).");
        }

        _logits = memory.Allocate(4L * tokens * experts, Purpose);
        _chosen = memory.Allocate(4L * pairs, Purpose);
        _weights = memory.Allocate(4L * pairs, Purpose);
        _order = memory.Allocate(4L * pairs, Purpose);
        _works = memory.Allocate(16L * SortedPairs.WorksOf(pairs, experts, LeastRows), Purpose);
        _hidden = memory.Allocate(2L * pairs * hidden, Purpose);
        _outputs = memory.Allocate(4L * pairs * config.Width, Purpose);
    }

    /// <summary>Bytes of work space, a little more than is used; 0 for a model without experts.</summary>
    /// <param name="config">Shape.</param>
    /// <param name="tokens">Of a step at most, rounded up to <see cref="MatrixProducts.RowGroup"/>.</param>
    public static long WorkBytes(ModelConfig config, long tokens)
    {
        const int Tile = PackedFormats.TileColumns;
        var padded = (config.FeedForwardWidth + Tile - 1) / Tile * Tile;
        return tokens * ((4L * config.ExpertCount) + (config.ExpertUsedCount * (28L + (2L * padded) + (4L * config.Width))));
    }

    /// <summary>y += what the experts of each token make of x.</summary>
    /// <param name="experts">The layer's.</param>
    /// <param name="x">(padded width, tokens rounded up to <see cref="MatrixProducts.RowGroup"/>): halves.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="y">(width, tokens): floats.</param>
    /// <param name="hiddenFactor">What values between the matrices are multiplied by, to be within a half's range; undone behind.</param>
    public void Run(ExpertWeights experts, CUdeviceptr x, int tokens, CUdeviceptr y, float hiddenFactor)
    {
        const int Warps = 4; // of a block, a token each
        var pairs = tokens * experts.Used;
        var none = default(CUdeviceptr);
        _products.Multiply(experts.Router, x, tokens, _logits.Pointer, experts.Count);
        _choose.With(_logits.Pointer).With(experts.RouterBias?.Pointer ?? none).With(experts.ChoiceBias?.Pointer ?? none).With(experts.OutputScale?.Pointer ?? none)
            .With(_chosen.Pointer).With(_weights.Pointer).With(tokens).With(experts.Count).With(experts.Used).With((int)experts.Gating).With(experts.NormalisesWeights ? 1 : 0)
            .With(experts.WeightScale).Launch((tokens + Warps - 1) / Warps, 1, Warps * 32);
        var rows = SortedPairs.RowsOf(pairs, experts.Count);
        var sorted = new SortedPairs(_works.Pointer, _order.Pointer, SortedPairs.WorksOf(pairs, experts.Count, rows), rows);
        _sort.With(_chosen.Pointer).With(sorted.Order).With(sorted.Works).With(pairs).With(experts.Count).With(rows).With(sorted.Count).Launch(experts.Count, 1, 256);
        _experts.MultiplyGated(experts, sorted, x, _hidden.Pointer, experts.Down.Padded, hiddenFactor);
        _experts.MultiplyDown(experts, sorted, _hidden.Pointer, _outputs.Pointer, 1 / hiddenFactor);
        _add.With(_outputs.Pointer).With(_weights.Pointer).With(y).With(_config.Width).With(experts.Used).Launch((_config.Width + 255) / 256, tokens, 256);
    }
}
