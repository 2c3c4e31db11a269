using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Driver;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// The mixtures of a step. A token is a pair with each of its experts; pairs are sorted by expert on the GPU, so that an expert's weights are read once for all its rows
/// and nothing waits for the host. How many kernels there are, and of how many blocks, follows from the number of tokens alone.
/// </summary>
internal sealed class MixtureLayers
{
    private const int LeastRows = 8; // of a work: the most works

    private readonly StepTools _tools;
    private readonly ExpertProducts _experts;
    private readonly Kernel _choose;
    private readonly Kernel _sort;
    private readonly Kernel _add;
    private readonly Kernel _scale;
    private readonly DeviceBuffer _logits; // (experts, tokens)
    private readonly DeviceBuffer _chosen; // ints (used, tokens)
    private readonly DeviceBuffer _weights; // (used, tokens)
    private readonly DeviceBuffer _order; // ints (pairs)
    private readonly DeviceBuffer _works; // ints (4, works)
    private readonly DeviceBuffer _hidden; // halves (padded hidden width, pairs)
    private readonly DeviceBuffer _outputs; // (width, pairs)
    private readonly DeviceBuffer? _weighed; // halves (padded width, tokens)

    /// <param name="tools">Of the step.</param>
    /// <param name="layers">All mixtures of the model.</param>
    public MixtureLayers(StepTools tools, IReadOnlyCollection<ExpertWeights> layers)
    {
        _tools = tools;
        var kernels = tools.Kernels;
        _experts = new ExpertProducts(kernels);
        foreach (var layer in layers)
        {
            _experts.Prepare(layer.GateUp.Format, gated: true);
            _experts.Prepare(layer.Down.Format, gated: false);
        }

        _choose = kernels.Get("mixture.cu", "choose_experts");
        _sort = kernels.Get("mixture.cu", "sort_pairs");
        _add = kernels.Get("mixture.cu", "add_experts");
        _scale = kernels.Get("layers.cu", "scale_rows");
        var experts = layers.Max(static layer => layer.Count);
        var used = layers.Max(static layer => layer.Used);
        var pairs = checked(tools.Rows * used);
        var hidden = layers.Max(static layer => layer.Down.Padded);
        if ((long)pairs * Math.Max(hidden, layers.Max(static layer => layer.GateUp.Padded)) > uint.MaxValue)
        {
            // Products count the halves of x in 32 bits.
            throw new CudaDeviceException($"{pairs} rows of experts, of {hidden} values each, are too many for one step; have steps of fewer tokens (--step-tokens).");
        }

        _logits = tools.Allocate(4L * experts);
        _chosen = tools.Allocate(4L * used);
        _weights = tools.Allocate(4L * used);
        _order = tools.Allocate(4L * used);
        _works = tools.AllocateBytes(16L * SortedPairs.WorksOf(pairs, experts, LeastRows));
        _hidden = tools.Allocate(2L * used * hidden);
        _outputs = tools.Allocate(4L * used * tools.Config.Width);
        _weighed = layers.Any(static layer => layer.WeighsInput) ? tools.Allocate(2L * StepTools.Padded(tools.Config.Width)) : null;
    }

    /// <summary>Queues what the experts of each token make of x.</summary>
    /// <param name="experts">The layer's.</param>
    /// <param name="x">(padded width, rows): halves.</param>
    /// <param name="routed">The same, what the router reads.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="target">Where to.</param>
    public void Run(ExpertWeights experts, CUdeviceptr x, CUdeviceptr routed, int tokens, PartTarget target)
    {
        const int Warps = 4; // of a block, a token each
        var pairs = tokens * experts.Used;
        var none = default(CUdeviceptr);
        var width = _tools.Config.Width;
        _tools.Products.Multiply(experts.Router, routed, tokens, _logits.Pointer, experts.Count, experts.RouterScale);
        _choose.With(_logits.Pointer).With(experts.RouterBias?.Pointer ?? none).With(experts.ChoiceBias?.Pointer ?? none).With(experts.OutputScale?.Pointer ?? none)
            .With(_chosen.Pointer).With(_weights.Pointer).With(tokens).With(experts.Count).With(experts.Used).With((int)experts.Gating).With(experts.NormalisesWeights ? 1 : 0)
            .With(experts.WeighsInput ? experts.WeightScale : experts.WeightScale * target.Scale).Launch((tokens + Warps - 1) / Warps, 1, Warps * 32);
        if (experts.WeighsInput)
        {
            var padded = StepTools.Padded(width);
            _scale.With(x).With(_weights.Pointer).With(_weighed!.Pointer).With(padded).Launch((padded + 255) / 256, tokens, 256);
            x = _weighed.Pointer;
        }

        var rows = SortedPairs.RowsOf(pairs, experts.Count);
        var sorted = new SortedPairs(_works.Pointer, _order.Pointer, SortedPairs.WorksOf(pairs, experts.Count, rows), rows);
        _sort.With(_chosen.Pointer).With(sorted.Order).With(sorted.Works).With(pairs).With(experts.Count).With(rows).With(sorted.Count).Launch(experts.Count, 1, 256);
        _experts.MultiplyGated(experts, sorted, x, _hidden.Pointer, experts.Down.Padded, StepTools.HiddenFactor);
        _experts.Multiply(
            experts.Down, experts.Count, width, sorted, _hidden.Pointer, _outputs.Pointer, 1 / StepTools.HiddenFactor, experts.DownBias?.Pointer ?? none);
        _add.With(_outputs.Pointer).With(experts.WeighsInput ? none : _weights.Pointer).With(target.Pointer).With(width).With(experts.Used).With(target.Adds ? 1 : 0).Launch((width + 255) / 256, tokens, 256);
    }
}
