using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Threads;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu;

/// <summary>
/// The mixture-of-experts layer: each token goes through the experts that the router scores highest; their outputs are added with
/// the softmax of the scores, renormalised over the chosen ones. (token, choice) pairs are sorted by expert, so that an expert's
/// weights are read once for all its tokens; a token's outputs are added in the order of its choices.
/// </summary>
internal sealed unsafe class ExpertMixture<TLanes> : IDisposable
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly ModelConfig _config;
    private readonly ComputeTeam _team;
    private readonly MatrixProducts<TLanes> _products;
    private readonly StepBuffers _buffers;
    private readonly ActivationRows _hidden;
    private readonly NativeBuffer _scores; // (experts, tokens)
    private readonly NativeBuffer _outputs; // (width, pairs)
    private readonly NativeBuffer _pairTokens; // int (pairs): the token of each pair, by expert
    private readonly NativeBuffer _identity; // int (pairs): 0, 1, 2, ...
    private readonly int[] _chosen; // (used, tokens): experts by falling score
    private readonly float[] _weights; // (used, tokens)
    private readonly int[] _pairOf; // (used, tokens): place of each choice among the pairs
    private readonly int[] _starts; // (experts + 1): first pair of each expert

    public ExpertMixture(
        ModelConfig config, ComputeTeam team, MatrixProducts<TLanes> products, StepBuffers buffers, DecoderWeights weights, int tokens)
    {
        _config = config;
        _team = team;
        _products = products;
        _buffers = buffers;
        var pairs = tokens * config.ExpertUsedCount;
        _hidden = new ActivationRows(pairs, config.FeedForwardWidth, weights.Formats);
        _scores = NativeBuffer.OfFloats((long)tokens * config.ExpertCount);
        _outputs = NativeBuffer.OfFloats((long)pairs * config.Width);
        _pairTokens = new NativeBuffer(pairs * sizeof(int));
        _identity = new NativeBuffer(pairs * sizeof(int));
        for (var i = 0; i < pairs; i++)
            ((int*)_identity.Data)[i] = i;
        _chosen = new int[pairs];
        _weights = new float[pairs];
        _pairOf = new int[pairs];
        _starts = new int[config.ExpertCount + 1];
    }

    /// <summary>Adds the layer's output for <paramref name="x"/>, the normalised residual, to the residual. A barrier must follow.</summary>
    public void Run(int thread, DecoderLayerWeights layer, in ActivationView x, int tokens)
    {
        _products.Store(
            thread, layer.Router!, 0, layer.Router!.Panels, x, (int*)_identity.Data, tokens, _scores.Floats, _config.ExpertCount);
        _team.Barrier();
        var (first, end) = _team.Share(tokens, thread);
        for (var token = first; token < end; token++)
            Choose(token);
        _team.Barrier();
        if (thread == 0)
            SortPairs(tokens);
        _team.Barrier();

        var pairTokens = (int*)_pairTokens.Data;
        for (var e = 0; e < _config.ExpertCount; e++)
        {
            var (start, count) = Pairs(e);
            if (count > 0)
            {
                _products.SwiGlu(
                    thread, layer.Gate[e], layer.Up[e], x, pairTokens + start, count,
                    _buffers.Hidden.Floats + ((long)start * _config.FeedForwardWidth), _config.FeedForwardWidth);
            }
        }

        _team.Barrier();
        (first, end) = _team.Share(tokens * _config.ExpertUsedCount, thread);
        for (var pair = first; pair < end; pair++)
        {
            var row = _buffers.Hidden.Floats + ((long)pair * _config.FeedForwardWidth);
            _hidden.Write<TLanes>(layer.Down[0].Format, pair, row, _config.FeedForwardWidth);
        }

        _team.Barrier();
        var hidden = new ActivationView(_hidden, _config.FeedForwardWidth);
        for (var e = 0; e < _config.ExpertCount; e++)
        {
            var (start, count) = Pairs(e);
            if (count > 0)
            {
                _products.Store(
                    thread, layer.Down[e], 0, layer.Down[e].Panels, hidden, (int*)_identity.Data + start, count,
                    _outputs.Floats + ((long)start * _config.Width), _config.Width);
            }
        }

        _team.Barrier();
        (first, end) = _team.Share(tokens, thread);
        for (var token = first; token < end; token++)
            AddChoices(token);
    }

    public void Dispose()
    {
        _hidden.Dispose();
        _scores.Dispose();
        _outputs.Dispose();
        _pairTokens.Dispose();
        _identity.Dispose();
    }

    private (int Start, int Count) Pairs(int expert) => (_starts[expert], _starts[expert + 1] - _starts[expert]);

    /// <summary>The experts of a token, the lower number first where scores are equal, and their weights.</summary>
    private void Choose(int token)
    {
        var used = _config.ExpertUsedCount;
        var scores = new Span<float>(_scores.Floats + ((long)token * _config.ExpertCount), _config.ExpertCount);
        var chosen = _chosen.AsSpan(token * used, used);
        var weights = _weights.AsSpan(token * used, used);
        for (var k = 0; k < used; k++)
        {
            var best = -1;
            for (var e = 0; e < scores.Length; e++)
            {
                if (!chosen[..k].Contains(e) && (best < 0 || scores[e] > scores[best]))
                    best = e;
            }

            chosen[k] = best;
        }

        // The softmax over all experts, renormalised over the chosen, is the softmax over the chosen.
        var sum = 0f;
        for (var k = 0; k < used; k++)
            sum += weights[k] = VectorMath<TLanes>.Exp(scores[chosen[k]] - scores[chosen[0]]);
        for (var k = 0; k < used; k++)
            weights[k] /= sum;
    }

    private void SortPairs(int tokens)
    {
        var pairs = tokens * _config.ExpertUsedCount;
        Array.Clear(_starts);
        for (var i = 0; i < pairs; i++)
            _starts[_chosen[i] + 1]++;
        for (var e = 0; e < _config.ExpertCount; e++)
            _starts[e + 1] += _starts[e];
        for (var i = 0; i < pairs; i++)
        {
            var pair = _starts[_chosen[i]]++;
            _pairOf[i] = pair;
            ((int*)_pairTokens.Data)[pair] = i / _config.ExpertUsedCount;
        }

        // Each start has moved on to where the next expert's pairs start.
        Array.Copy(_starts, 0, _starts, 1, _config.ExpertCount);
        _starts[0] = 0;
    }

    private void AddChoices(int token)
    {
        var residual = _buffers.Residual.Floats + ((long)token * _config.Width);
        for (var k = 0; k < _config.ExpertUsedCount; k++)
        {
            var choice = (token * _config.ExpertUsedCount) + k;
            VectorMath<TLanes>.Blend(
                _outputs.Floats + ((long)_pairOf[choice] * _config.Width), _weights[choice], residual, 1, _config.Width);
        }
    }
}
