using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>The dense feed-forward parts of a step.</summary>
internal sealed class FeedForwardLayers
{
    private readonly StepTools _tools;
    private readonly Kernel _gate;
    private readonly Kernel _gateHalves;
    private readonly Kernel _share;
    private readonly DeviceBuffer _gateUp; // (2 feed-forward width, tokens)
    private readonly DeviceBuffer _hidden; // halves (padded feed-forward width, tokens)

    /// <param name="tools">Of the step.</param>
    /// <param name="layers">All of the model.</param>
    public FeedForwardLayers(StepTools tools, IReadOnlyCollection<FeedForwardWeights> layers)
    {
        _tools = tools;
        _gate = tools.Kernels.Get("layers.cu", "gate_product");
        _gateHalves = tools.Kernels.Get("layers.cu", "gate_halves");
        _share = tools.Kernels.Get("layers.cu", "share_rows");
        _gateUp = tools.Allocate(4L * layers.Max(static layer => layer.GateUp.Rows));
        _hidden = tools.Allocate(2L * layers.Max(static layer => layer.Down.Padded));
    }

    /// <summary>Queues a part.</summary>
    /// <param name="layer">Which.</param>
    /// <param name="x">(padded width, rows): halves.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="target">Where to.</param>
    public void Run(FeedForwardWeights layer, CUdeviceptr x, int tokens, PartTarget target)
    {
        var (width, padded, products) = (layer.Down.Columns, layer.Down.Padded, _tools.Products);
        var gated = layer.IsGated && products.CanGate(layer.GateUp, tokens);
        var halves = layer.IsGated && products.CanBeHalves(layer.GateUp, tokens);
        if (_tools.Has(StepParts.Products))
        {
            if (gated)
            {
                products.MultiplyGated(layer.GateUp, x, tokens, _hidden.Pointer, padded, StepTools.HiddenFactor, layer.Activation);
            }
            else if (halves)
            {
                products.MultiplyToHalves(layer.GateUp, x, tokens, _gateUp.Pointer);
            }
            else
            {
                products.Multiply(layer.GateUp, x, tokens, _gateUp.Pointer);
            }
        }

        if (!gated && _tools.Has(StepParts.Silu))
        {
            var (kernel, each, size) = halves ? (_gateHalves, 8, 2L) : (_gate, 1, 4L);
            kernel.With(_gateUp.Pointer).With(_gateUp.At(layer.IsGated ? size * width : 0)).With(layer.GateUp.Rows).With(_hidden.Pointer).With(width).With(padded)
                .With(StepTools.HiddenFactor).With((int)layer.Activation).Launch((padded + (256 * each) - 1) / (256 * each), tokens, 256);
        }

        if (layer.Share is { } share && _tools.Has(StepParts.Silu))
        {
            var columns = _tools.Config.Width;
            _share.With(x).With(StepTools.Padded(columns)).With(share.Pointer).With(columns).With(_hidden.Pointer).With(padded).Launch(tokens, 1, 256);
        }

        if (_tools.Has(StepParts.Products))
        {
            products.Multiply(layer.Down, _hidden.Pointer, tokens, target.Pointer, _tools.Config.Width, target.Scale / StepTools.HiddenFactor, target.Adds);
        }
    }
}
