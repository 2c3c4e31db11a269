using Crescent.Engine.Devices.Cpu.Attention;
using Crescent.Engine.Devices.Cpu.Layers;
using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>
/// Makes of a model's description what the processor runs: for each operator its step, with its weights loaded. Which operators there are is said here
/// alone.
/// </summary>
internal sealed unsafe class LayerBuilder<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly LayerContext<TLanes> _context;
    private readonly IAttentionPhase _attention;
    private readonly WeightLoader _loader;
    private readonly ModelCaches _caches;
    private readonly int _maxTokens;
    private readonly MixtureBuffers? _mixtures;
    private readonly StateBuffers? _states;
    private readonly LatentBuffers? _latents;
    private readonly NativeBuffer? _furtherParts;
    private readonly List<NativeBuffer> _vectors = [];

    public LayerBuilder(
        DecoderGraph graph, LayerContext<TLanes> context, IAttentionPhase attention, WeightLoader loader, ModelCaches caches, StateMemory states, int maxTokens)
    {
        _context = context;
        _attention = attention;
        _loader = loader;
        _caches = caches;
        _maxTokens = maxTokens;
        var mixtures = graph.Operators.OfType<MixtureOperator>().ToList();
        _mixtures = mixtures.Count == 0 ? null : new MixtureBuffers(mixtures, graph.Config.Width, maxTokens);
        var keepers = graph.Operators.OfType<StateOperator>().ToList();
        var latents = graph.Operators.OfType<LatentAttentionOperator>().ToList();
        _latents = latents.Count == 0 ? null : new LatentBuffers(latents, maxTokens);
        _furtherParts = graph.Layers.Any(static layer => layer.Branches.Any(static branch => branch.Parts.Count > 1)) ? NativeBuffer.OfFloats((long)maxTokens * graph.Config.Width) : null;
        Inputs = graph.PerLayer is { } input ? new PerLayerInputs<TLanes>(context, input, loader.Load(input.Projection), Floats(input.Norm), maxTokens) : null;
        Hidden = graph.HiddenInput is { } hidden
            ? new HiddenInputStep<TLanes>(context, loader.Load(hidden.Projection), Floats(hidden.TokenNorm), Floats(hidden.HiddenNorm), maxTokens)
            : null;
        _states = keepers.Count == 0 ? null : new StateBuffers(keepers, states, maxTokens, context.Team.Count);
    }

    /// <summary>What layers are told of tokens beside the residual stream, or null.</summary>
    public PerLayerInputs<TLanes>? Inputs { get; }

    /// <summary>What joins tokens with hidden states, in a head, or null.</summary>
    public HiddenInputStep<TLanes>? Hidden { get; }

    /// <summary>All branches of all layers, in order, and room for what their matrices take.</summary>
    /// <exception cref="NotSupportedException">The device has no such operator.</exception>
    public BranchStep<TLanes>[] Build(DecoderGraph graph)
    {
        BranchStep<TLanes>[] branches = [.. graph.Layers.SelectMany(layer => layer.Branches.Select(branch => Build(branch, ReferenceEquals(branch, layer.Branches[^1]) ? layer.OutputScale : 1)))];
        _context.Allocate(_loader.Formats);
        _mixtures?.Allocate(_loader.Formats);
        _latents?.Allocate(_loader.Formats);
        return branches;
    }

    public void Dispose()
    {
        _mixtures?.Dispose();
        _states?.Dispose();
        _latents?.Dispose();
        _furtherParts?.Dispose();
        Inputs?.Dispose();
        Hidden?.Dispose();
        foreach (var vector in _vectors)
            vector.Dispose();
    }

    private BranchStep<TLanes> Build(ResidualBranch branch, float streamScale) =>
        new(_context, [.. (branch.Parts.Count == 0 ? [branch] : branch.Parts).Select(Part)], _furtherParts, Floats(branch.PostNorm), branch.Scale, streamScale);

    private BranchPart Part(ResidualBranch part) => new(Floats(part.Norm), part.Operators.Select(Build), Floats(part.PostNorm));

    private ILayerStep Build(LayerOperator step) => step switch
    {
        AttentionOperator attention => Build(attention),
        LatentAttentionOperator latent => Build(latent),
        FeedForwardOperator dense => Build(dense),
        Mamba2Operator mamba => Build(mamba),
        GatedDeltaNetOperator net => Build(net),
        ShortConvolutionOperator convolution => new ShortConvolutionStep<TLanes>(
            _context, _states!, _caches.StateOf(convolution), _loader.Load(convolution.Input), Convolution(convolution.Convolution),
            _loader.Load(convolution.Output)),
        MixtureOperator mixture => Build(mixture),
        PerLayerInputOperator told => new PerLayerInputStep<TLanes>(_context, Inputs!, told.Layer, _loader.Load(told.Gate), _loader.Load(told.Output)),
        _ => throw new NotSupportedException($"The CPU device has no {step.Name}."),
    };

    private AttentionStep<TLanes> Build(AttentionOperator attention)
    {
        var layer = LayerOf(attention);
        return new AttentionStep<TLanes>(
            _context, _attention, layer, _loader.Load(attention.Query), attention.Key is null ? null : _loader.Load(attention.Key),
            attention.Value is null ? null : _loader.Load(attention.Value), _loader.Load(attention.Output), Floats(attention.OutputBias));
    }

    private LatentAttentionStep<TLanes> Build(LatentAttentionOperator latent)
    {
        var weights = new LatentWeights
        {
            QueryDown = latent.QueryDown is null ? null : _loader.Load(latent.QueryDown),
            QueryNorm = (nint)Floats(latent.QueryNorm),
            Query = _loader.Load(latent.Core.Query),
            Key = _loader.Load(latent.Core.Key!),
            LatentNorm = (nint)Floats(latent.LatentNorm),
            KeyHeads = [.. latent.KeyHeads.Select(_loader.Load)],
            ValueHeads = [.. latent.ValueHeads.Select(_loader.Load)],
            Output = _loader.Load(latent.Core.Output),
        };
        return new LatentAttentionStep<TLanes>(_context, _attention, LayerOf(latent.Core), latent, weights, _latents!);
    }

    private AttentionLayer LayerOf(AttentionOperator attention) => new()
    {
        Operator = attention,
        Cache = _caches.IndexOf(attention),
        Group = _caches.GroupOf(attention),
        Rope = _caches.RopeOf(attention),
        QueryBias = Floats(attention.QueryBias),
        KeyBias = Floats(attention.KeyBias),
        ValueBias = Floats(attention.ValueBias),
        QueryNorm = Floats(attention.QueryNorm),
        KeyNorm = Floats(attention.KeyNorm),
        Sinks = Floats(attention.Sinks),
    };

    private MixtureStep<TLanes> Build(MixtureOperator mixture)
    {
        var weights = new ExpertWeights
        {
            Router = _loader.Load(mixture.Router),
            RouterNorm = Floats(mixture.RouterNorm),
            OutputScale = Floats(mixture.OutputScale),
            RouterBias = Floats(mixture.RouterBias),
            ChoiceBias = Floats(mixture.ChoiceBias),
            Gate = [.. mixture.Gate.Select(_loader.Load)],
            Up = [.. mixture.Up.Select(_loader.Load)],
            Down = [.. mixture.Down.Select(_loader.Load)],
            GateBias = Floats(mixture.GateBias),
            UpBias = Floats(mixture.UpBias),
            DownBias = Floats(mixture.DownBias),
        };
        return new MixtureStep<TLanes>(_context, _mixtures!, mixture, weights);
    }

    private FeedForwardStep<TLanes> Build(FeedForwardOperator dense)
    {
        var up = _loader.Load(dense.Up);
        var gate = ReferenceEquals(dense.Gate, dense.Up) ? up : _loader.Load(dense.Gate);
        var share = dense.Share is null ? null : new ShareOfTokens<TLanes>(_context, _loader.Load(dense.Share), _maxTokens);
        return new FeedForwardStep<TLanes>(_context, dense.Activation, gate, up, _loader.Load(dense.Down), share);
    }

    private Mamba2Step<TLanes> Build(Mamba2Operator mamba)
    {
        var weights = new Mamba2Weights<TLanes>
        {
            Input = _loader.Load(mamba.Input),
            Convolution = Convolution(mamba.Convolution),
            ConvolutionBias = (nint)Floats(mamba.ConvolutionBias),
            StepBias = (nint)Floats(mamba.StepBias),
            DecayRate = (nint)Floats(mamba.DecayRate),
            Skip = (nint)Floats(mamba.Skip),
            OutputNorm = (nint)Floats(mamba.OutputNorm),
            Output = _loader.Load(mamba.Output),
        };
        return new Mamba2Step<TLanes>(_context, _states!, _caches.StateOf(mamba), mamba, weights);
    }

    private DeltaNetStep<TLanes> Build(GatedDeltaNetOperator net)
    {
        var weights = new DeltaNetWeights<TLanes>
        {
            QueryKeyValue = _loader.Load(net.QueryKeyValue),
            Gate = _loader.Load(net.Gate),
            Rates = net.BetaAlpha is null ? [_loader.Load(net.Beta!), _loader.Load(net.Alpha!)] : [_loader.Load(net.BetaAlpha)],
            Convolution = Convolution(net.Convolution),
            DecayRate = (nint)Floats(net.DecayRate),
            DecayBias = (nint)Floats(net.DecayBias),
            OutputNorm = (nint)Floats(net.OutputNorm),
            Output = _loader.Load(net.Output),
        };
        return new DeltaNetStep<TLanes>(_context, _states!, _caches.StateOf(net), net, weights);
    }

    private CausalConvolution<TLanes> Convolution(GgufTensor weights) => new(Floats(weights), weights.Columns, checked((int)weights.Rows));

    private float* Floats(GgufTensor? tensor)
    {
        if (tensor is null)
            return null;
        var buffer = WeightLoader.LoadVector(tensor);
        _vectors.Add(buffer);
        return buffer.Floats;
    }
}
