using Crescent.Engine.Cuda.Compilation;
using Crescent.Engine.Cuda.Memory;
using Crescent.Engine.Cuda.Weights;
using ManagedCuda.BasicTypes;

namespace Crescent.Engine.Cuda.Steps;

/// <summary>The operators of a step that keep a state: gated delta nets, Mamba-2 and short convolutions, all of them by the same kernels (<c>states.cu</c>).</summary>
internal sealed class StateLayers
{
    private const int Tile = 32; // rows of a head's matrix that a block has

    private readonly StepTools _tools;
    private readonly StatePool _states;
    private readonly Kernel _convolve;
    private readonly Kernel _convolveGated;
    private readonly Kernel _deltaInputs;
    private readonly Kernel _mambaRates;
    private readonly Kernel _normGate;
    private readonly Kernel _squares;
    private readonly Dictionary<(int Columns, bool Recalls), Kernel> _recur = [];
    private readonly DeviceBuffer _projected; // (rows of projections, tokens)
    private readonly DeviceBuffer _convolved; // (channels, tokens)
    private readonly DeviceBuffer _rates; // float2 (heads, tokens)
    private readonly DeviceBuffer _outputs; // (width, tokens)
    private readonly DeviceBuffer? _totals; // (groups rounded up, tokens): sums of squares of values that several GPUs normalise together
    private readonly DeviceBuffer _hidden; // halves (padded width, tokens)

    /// <param name="tools">Of the step.</param>
    /// <param name="layers">All of the model.</param>
    /// <param name="states">Where states are.</param>
    public StateLayers(StepTools tools, IReadOnlyCollection<StateWeights> layers, StatePool states)
    {
        const string File = "states.cu";
        _tools = tools;
        _states = states;
        _convolve = tools.Kernels.Get(File, "convolve");
        _convolveGated = tools.Kernels.Get(File, "convolve_gated");
        _deltaInputs = tools.Kernels.Get(File, "delta_inputs");
        _mambaRates = tools.Kernels.Get(File, "mamba_rates");
        _normGate = tools.Kernels.Get(File, "norm_gate");
        _squares = tools.Kernels.Get(File, "gated_squares");
        foreach (var shape in layers.Select(static layer => layer.Shape).Where(static shape => shape.Heads > 0))
        {
            var key = KeyOf(shape);
            if (!_recur.ContainsKey(key))
            {
                _recur[key] = tools.Kernels.Get(File, $"{(shape.Recalls ? "delta" : "mamba")}_{key.Columns}");
            }
        }

        _projected = tools.Allocate(4L * layers.Max(static layer => layer.Input.Rows));
        _convolved = tools.Allocate(4L * layers.Max(static layer => layer.Shape.Channels));
        _rates = tools.Allocate(8L * layers.Max(static layer => layer.Shape.Heads));
        _outputs = tools.Allocate(4L * layers.Max(static layer => layer.Shape.Heads > 0 ? layer.Shape.Width : 0));
        _totals = layers.Any(static layer => layer.Shape.SharesNorm) ? tools.Allocate(4L * layers.Max(static layer => TotalsOf(layer.Shape))) : null;
        _hidden = tools.Allocate(2L * layers.Max(static layer => layer.Output.Padded));
    }

    /// <summary>Where the sums of squares of several GPUs' groups are to be added up, (<see cref="TotalsOf"/>, tokens).</summary>
    public DeviceBuffer Totals => _totals!;

    /// <summary>Floats of a token in <see cref="Totals"/>.</summary>
    public static int TotalsOf(StateShape shape) => StepTools.Rounded(shape.NormGroups, 4);

    /// <summary>Queues an operator, or what is left of it behind <see cref="Begin"/>.</summary>
    /// <param name="layer">Which.</param>
    /// <param name="x">(padded width, rows): halves.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="target">Where to.</param>
    public void Run(StateWeights layer, CUdeviceptr x, int tokens, PartTarget target)
    {
        if (!layer.Shape.SharesNorm)
        {
            Move(layer, x, tokens);
        }

        if (_tools.Has(StepParts.States) && layer.Shape.Heads > 0)
        {
            NormAndGate(layer, tokens);
        }

        if (_tools.Has(StepParts.Products))
        {
            var scale = layer.Shape.Heads == 0 ? target.Scale / StepTools.HiddenFactor : target.Scale;
            _tools.Products.Multiply(layer.Output, _hidden.Pointer, tokens, target.Pointer, _tools.Config.Width, scale, target.Adds);
        }
    }

    /// <summary>Queues an operator up to its norm, which other GPUs have parts of: this one's part of the sums of squares.</summary>
    /// <param name="layer">Which.</param>
    /// <param name="x">(padded width, rows): halves.</param>
    /// <param name="tokens">Rows of x.</param>
    /// <param name="squares">(<see cref="TotalsOf"/>, tokens).</param>
    public void Begin(StateWeights layer, CUdeviceptr x, int tokens, CUdeviceptr squares)
    {
        Move(layer, x, tokens);
        var shape = layer.Shape;
        _squares.With(_outputs.Pointer).With(_projected.At(4L * shape.GateAt)).With(layer.Input.Rows).With(shape.Width).With(squares).With(TotalsOf(shape)).With(shape.NormGroup)
            .Launch(tokens, 1, NormThreads(shape));
    }

    // Projects, and brings states to the last token.
    private void Move(StateWeights layer, CUdeviceptr x, int tokens)
    {
        if (_tools.Has(StepParts.Products))
        {
            _tools.Products.Multiply(layer.Input, x, tokens, _projected.Pointer);
        }

        if (!_tools.Has(StepParts.States))
        {
            return;
        }

        if (layer.Shape.Heads == 0)
        {
            ConvolveGated(layer);
            return;
        }

        Convolve(layer);
        Rates(layer, tokens);
        Recur(layer);
    }

    private static (int Columns, bool Recalls) KeyOf(StateShape shape) => (shape.Columns <= 64 ? 64 : shape.Columns <= 128 ? 128 : StateShape.MostColumns, shape.Recalls);

    // Channels of a block, and tokens that it takes side by side: few sequences of many tokens, or many of one.
    private (int Lanes, int Rows) ConvolutionBlock => _tools.Layout.IsDecode ? (128, 1) : (32, 16);

    private void Convolve(StateWeights layer)
    {
        var shape = layer.Shape;
        var (lanes, rows) = ConvolutionBlock;
        _convolve.With(_projected.At(4L * shape.ChannelsAt)).With(layer.Input.Rows).With(layer.Convolution.Pointer).With(layer.ConvolutionBias?.Pointer ?? default)
            .With(_tools.Layout.Sequences).With(_states.Pointer).With(_states.BytesOfOne / sizeof(float)).With(_states.LayerOffset(layer.Index)).With(_convolved.Pointer)
            .With(shape.Channels).With(shape.Kernel).With(lanes).Launch((shape.Channels + lanes - 1) / lanes, _tools.Layout.SequenceCount, lanes * rows);
    }

    private void ConvolveGated(StateWeights layer)
    {
        var shape = layer.Shape;
        var (lanes, rows) = ConvolutionBlock;
        _convolveGated.With(_projected.Pointer).With(layer.Input.Rows).With(layer.Convolution.Pointer).With(_tools.Layout.Sequences).With(_states.Pointer)
            .With(_states.BytesOfOne / sizeof(float)).With(_states.LayerOffset(layer.Index)).With(_hidden.Pointer).With(layer.Output.Padded).With(shape.Channels).With(shape.Kernel)
            .With(lanes).With(StepTools.HiddenFactor).Launch((layer.Output.Padded + lanes - 1) / lanes, _tools.Layout.SequenceCount, lanes * rows);
    }

    private void Rates(StateWeights layer, int tokens)
    {
        const int Warps = 4;
        var shape = layer.Shape;
        var raw = _projected.At(4L * shape.RatesAt);
        var (decay, bias) = (layer.DecayRate!.Pointer, layer.RateBias!.Pointer);
        if (shape.Recalls)
        {
            var warps = (2 * shape.KeyHeads) + ((shape.Heads + 31) / 32);
            _deltaInputs.With(_convolved.Pointer).With(shape.Channels).With(shape.KeyHeads).With(shape.Columns).With(raw).With(layer.Input.Rows).With(shape.Heads)
                .With(decay).With(bias).With(_rates.Pointer).With(_tools.Config.NormEpsilon).Launch(tokens, (warps + Warps - 1) / Warps, Warps * 32);
            return;
        }

        _mambaRates.With(raw).With(layer.Input.Rows).With(shape.Heads).With(decay).With(bias).With(_rates.Pointer).Launch((shape.Heads + 127) / 128, tokens, 128);
    }

    private void Recur(StateWeights layer)
    {
        var shape = layer.Shape;
        _recur[KeyOf(shape)].With(_convolved.Pointer).With(shape.Channels).With(shape.KeyAt).With(shape.QueryAt).With(shape.ValueAt).With(_rates.Pointer)
            .With(layer.Skip?.Pointer ?? default).With(_tools.Layout.Sequences).With(_states.Pointer).With(_states.BytesOfOne / sizeof(float))
            .With(_states.LayerOffset(layer.Index) + shape.HeadsAt).With(_outputs.Pointer).With(shape.Width).With(shape.Heads).With(shape.KeyHeads)
            .With(shape.NeighboursShareKeys ? 1 : 0).With(shape.Rows).With(shape.Columns)
            .Launch(shape.Heads * ((shape.Rows + Tile - 1) / Tile), _tools.Layout.SequenceCount, Tile * 4);
    }

    private void NormAndGate(StateWeights layer, int tokens)
    {
        var shape = layer.Shape;
        _normGate.With(_outputs.Pointer).With(_projected.At(4L * shape.GateAt)).With(layer.Input.Rows).With(layer.OutputNorm!.Pointer).With(_hidden.Pointer)
            .With(layer.Output.Padded).With(shape.Width).With(shape.NormSize).With(shape.GatesFirst ? 1 : 0)
            .With(shape.SharesNorm ? Totals.At(4L * shape.NormGroup) : default).With(TotalsOf(shape)).With(shape.NormTotal).With(_tools.Config.NormEpsilon)
            .Launch(shape.Width / shape.NormSize, tokens, NormThreads(shape));
    }

    private static int NormThreads(StateShape shape) => Math.Clamp(StepTools.Rounded(shape.NormSize / 4, 32), 32, 512);
}
