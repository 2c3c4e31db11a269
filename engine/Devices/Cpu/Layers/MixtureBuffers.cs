using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>Working memory of mixtures of experts, as much as the largest needs; layers use it one after the other. A pair is a token with one of its experts.</summary>
internal sealed unsafe class MixtureBuffers : IDisposable
{
    private readonly int _pairs;
    private readonly int _hiddenWidth;
    private readonly int _tokens;
    private readonly int _width;
    private readonly bool _hasRouterInput;
    private ActivationRows? _hidden;
    private ActivationRows? _routerInput;

    /// <param name="mixtures">All of a model; at least one.</param>
    /// <param name="width">Values in the residual stream.</param>
    /// <param name="tokens">Of a step, at most.</param>
    public MixtureBuffers(IReadOnlyList<MixtureOperator> mixtures, int width, int tokens)
    {
        var pairs = tokens * mixtures.Max(static mixture => mixture.UsedCount);
        var experts = mixtures.Max(static mixture => mixture.ExpertCount);
        _pairs = pairs;
        (_tokens, _width) = (tokens, width);
        _hasRouterInput = mixtures.Any(static mixture => mixture.RouterNorm is not null);
        _hiddenWidth = mixtures.Max(static mixture => mixture.HiddenWidth);
        Scores = NativeBuffer.OfFloats((long)tokens * experts);
        Outputs = NativeBuffer.OfFloats((long)pairs * width);
        PairTokens = new NativeBuffer((long)pairs * sizeof(int));
        Identity = new NativeBuffer((long)pairs * sizeof(int));
        for (var i = 0; i < pairs; i++)
            ((int*)Identity.Data)[i] = i;
        Chosen = new int[pairs];
        PairOf = new int[pairs];
        Weights = new float[pairs];
        PairWeights = NativeBuffer.OfFloats(pairs);
        Starts = new int[experts + 1];
    }

    /// <summary>(hidden, pairs), in the formats that follow.</summary>
    public ActivationRows Hidden => _hidden!;

    /// <summary>(width, tokens), in the formats that follow: what routers read that do not read what the experts do.</summary>
    public ActivationRows RouterInput => _routerInput!;

    /// <summary>(experts of the layer, tokens).</summary>
    public NativeBuffer Scores { get; }

    /// <summary>(width, pairs).</summary>
    public NativeBuffer Outputs { get; }

    /// <summary>int (pairs): the token of each pair, by expert.</summary>
    public NativeBuffer PairTokens { get; }

    /// <summary>int (pairs): 0, 1, 2, ...</summary>
    public NativeBuffer Identity { get; }

    /// <summary>(pairs): the weight of each pair, by expert.</summary>
    public NativeBuffer PairWeights { get; }

    /// <summary>(used, tokens): experts by falling score.</summary>
    public int[] Chosen { get; }

    /// <summary>(used, tokens): what the outputs of those experts are weighed by.</summary>
    public float[] Weights { get; }

    /// <summary>(used, tokens): place of each choice among the pairs.</summary>
    public int[] PairOf { get; }

    /// <summary>(experts + 1): first pair of each expert.</summary>
    public int[] Starts { get; }

    /// <summary>Makes room for activations in all formats that some matrix of the model takes.</summary>
    public void Allocate(ActivationFormat formats)
    {
        _hidden = new ActivationRows(_pairs, _hiddenWidth, formats);
        _routerInput = _hasRouterInput ? new ActivationRows(_tokens, _width, formats) : null;
    }

    public void Dispose()
    {
        _hidden?.Dispose();
        _routerInput?.Dispose();
        Scores.Dispose();
        Outputs.Dispose();
        PairTokens.Dispose();
        Identity.Dispose();
        PairWeights.Dispose();
    }
}
