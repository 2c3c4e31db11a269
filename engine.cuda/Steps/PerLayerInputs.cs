using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>
/// What each layer is told of a step's tokens beside the residual stream, and what it makes of it: see <c>per_layer.cu</c>. Both read the stream without a norm, whose
/// rows are brought to one size to become halves, which is undone behind the matrix.
/// </summary>
internal sealed class PerLayerInputs
{
    private const string File = "per_layer.cu";

    private readonly StepTools _tools;
    private readonly PerLayerWeights _weights;
    private readonly Kernel _even;
    private readonly Kernel _tell;
    private readonly Kernel _gate;
    private readonly DeviceBuffer _rows; // halves (padded width, tokens)
    private readonly DeviceBuffer _factors; // (tokens)
    private readonly DeviceBuffer _told; // (values of a layer, layers, tokens)
    private readonly DeviceBuffer _gates; // (values of a layer, tokens)
    private readonly DeviceBuffer _hidden; // halves (padded values of a layer, tokens)

    /// <param name="tools">Of the step.</param>
    /// <param name="weights">Of all layers.</param>
    public PerLayerInputs(StepTools tools, PerLayerWeights weights)
    {
        _tools = tools;
        _weights = weights;
        _even = tools.Kernels.Get(File, "even_rows");
        _tell = tools.Kernels.Get(File, "tell_layers");
        _gate = tools.Kernels.Get(File, "gate_told");
        _rows = tools.Allocate(2L * StepTools.Padded(tools.Config.Width));
        _factors = tools.Allocate(4);
        _told = tools.Allocate(4L * weights.Tokens.Columns);
        _gates = tools.Allocate(4L * weights.Size);
        _hidden = tools.Allocate(2L * StepTools.Padded(weights.Size));
    }

    /// <summary>Queues what all layers are told.</summary>
    /// <param name="residual">(width, tokens): embeddings, as the stream begins with them.</param>
    /// <param name="drawn">Tokens of the step before: see <c>gather_rows</c>.</param>
    /// <param name="tokens">Tokens.</param>
    public void Begin(CUdeviceptr residual, CUdeviceptr drawn, int tokens)
    {
        const int Warps = 4; // of a block, a layer each
        var table = _weights.Tokens;
        Even(residual, tokens);
        if (_tools.Has(StepParts.Products))
        {
            _tools.Products.Multiply(_weights.Projection, _rows.Pointer, tokens, _told.Pointer, table.Columns, 1 / MathF.Sqrt(_tools.Config.Width));
            _tell.With(_told.Pointer).With(_factors.Pointer).With(_weights.Norm.Pointer).With(table.Pointer).With((int)table.Format).With(table.Steps).With(_tools.Layout.Tokens)
                .With(drawn).With(_weights.Layers).With(_weights.Size).With(_tools.Config.NormEpsilon).Launch(tokens, (_weights.Layers + Warps - 1) / Warps, Warps * 32);
        }
    }

    /// <summary>Queues a layer's part.</summary>
    /// <param name="layer">Which.</param>
    /// <param name="residual">(width, tokens): what it reads.</param>
    /// <param name="tokens">Tokens.</param>
    /// <param name="target">Where to.</param>
    public void Run(PerLayerPartWeights layer, CUdeviceptr residual, int tokens, PartTarget target)
    {
        Even(residual, tokens);
        if (_tools.Has(StepParts.Products))
        {
            var (size, padded) = (_weights.Size, layer.Output.Padded);
            _tools.Products.Multiply(layer.Gate, _rows.Pointer, tokens, _gates.Pointer, size);
            _gate.With(_gates.Pointer).With(_factors.Pointer).With(_told.At(4L * layer.Layer * size)).With(_weights.Tokens.Columns).With(_hidden.Pointer).With(size).With(padded)
                .With(StepTools.HiddenFactor).Launch((padded + 127) / 128, tokens, 128);
            _tools.Products.Multiply(layer.Output, _hidden.Pointer, tokens, target.Pointer, _tools.Config.Width, target.Scale / StepTools.HiddenFactor, target.Adds);
        }
    }

    private void Even(CUdeviceptr residual, int tokens)
    {
        if (_tools.Has(StepParts.Norms))
        {
            var width = _tools.Config.Width;
            _even.With(residual).With(_rows.Pointer).With(_factors.Pointer).With(width).With(StepTools.Padded(width)).Launch(tokens, 1, _tools.NormThreads);
        }
    }
}
