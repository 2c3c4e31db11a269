using Crescent.Engine.Devices.Cpu.Memory;
using Crescent.Engine.Devices.Cpu.Weights;
using Crescent.Engine.Model.Layers;
using Crescent.Engine.Simd;

namespace Crescent.Engine.Devices.Cpu.Layers;

/// <summary>
/// A mixture of experts. Pairs of a token and an expert are sorted by expert, so that an expert's weights are read once for all its tokens; a token's
/// outputs are added in the order of its choices.
/// </summary>
internal sealed unsafe class MixtureStep<TLanes>(LayerContext<TLanes> context, MixtureBuffers buffers, MixtureOperator mixture, ExpertWeights weights) : ILayerStep
    where TLanes : unmanaged, ILanes<TLanes>
{
    private readonly ExpertChoice _choice = new(mixture.Gating, mixture.NormalisesWeights, mixture.WeightScale);
    private readonly int _experts = mixture.ExpertCount;
    private readonly int _used = mixture.UsedCount;
    private readonly int _hidden = mixture.HiddenWidth;

    public ActivationFormat InputFormats => weights.Gate[0].Format | weights.Up[0].Format | (weights.RouterNorm == null ? weights.Router.Format : ActivationFormat.None);

    public bool KeepsInput => true;

    public void Run(int thread, in ActivationView x, NativeBuffer target, bool adds)
    {
        var tokens = context.Tokens;
        var (first, end) = context.Team.Share(tokens, thread);
        var routed = x;
        if (weights.RouterNorm != null)
        {
            for (var token = first; token < end; token++)
            {
                var row = context.Normalised(thread, context.Buffers.Residual.Floats + ((long)token * context.Width), context.Width, weights.RouterNorm, mixture.RouterScale);
                buffers.RouterInput.Write<TLanes>(weights.Router.Format, token, row, context.Width);
            }

            routed = new ActivationView(buffers.RouterInput, context.Width);
            context.Team.Barrier();
        }

        context.Products.Store(
            thread, weights.Router, 0, weights.Router.Panels, routed, (int*)buffers.Identity.Data, tokens, buffers.Scores.Floats, _experts, weights.RouterBias);
        context.Team.Barrier();
        for (var token = first; token < end; token++)
            Choose(token);
        context.Team.Barrier();
        if (thread == 0)
            SortPairs(tokens);
        context.Team.Barrier();
        GateAndUp(thread, x);
        context.Team.Barrier();
        (first, end) = context.Team.Share(tokens * _used, thread);
        for (var pair = first; pair < end; pair++)
            buffers.Hidden.Write<TLanes>(weights.Down[0].Format, pair, context.Buffers.Hidden.Floats + ((long)pair * _hidden), _hidden);
        context.Team.Barrier();
        Down(thread);
        context.Team.Barrier();
        (first, end) = context.Team.Share(tokens, thread);
        for (var token = first; token < end; token++)
            AddChoices(token, target, adds);
    }

    public void Dispose() => weights.Dispose();

    private (int Start, int Count) Pairs(int expert) => (buffers.Starts[expert], buffers.Starts[expert + 1] - buffers.Starts[expert]);

    private void Choose(int token)
    {
        var scores = new Span<float>(buffers.Scores.Floats + ((long)token * _experts), _experts);
        var bias = new ReadOnlySpan<float>(weights.ChoiceBias, weights.ChoiceBias == null ? 0 : _experts);
        _choice.Choose(scores, bias, buffers.Chosen.AsSpan(token * _used, _used), buffers.Weights.AsSpan(token * _used, _used));
        for (var k = token * _used; weights.OutputScale != null && k < (token + 1) * _used; k++)
            buffers.Weights[k] *= weights.OutputScale[buffers.Chosen[k]];
    }

    private void SortPairs(int tokens)
    {
        var (starts, chosen) = (buffers.Starts, buffers.Chosen);
        var pairs = tokens * _used;
        Array.Clear(starts);
        for (var i = 0; i < pairs; i++)
            starts[chosen[i] + 1]++;
        for (var e = 0; e < _experts; e++)
            starts[e + 1] += starts[e];
        for (var i = 0; i < pairs; i++)
        {
            var pair = starts[chosen[i]]++;
            buffers.PairOf[i] = pair;
            buffers.PairWeights.Floats[pair] = buffers.Weights[i];
            ((int*)buffers.PairTokens.Data)[pair] = i / _used;
        }

        // Each start has moved on to where the next expert's pairs start.
        Array.Copy(starts, 0, starts, 1, _experts);
        starts[0] = 0;
    }

    private void GateAndUp(int thread, in ActivationView x)
    {
        for (var e = 0; e < _experts; e++)
        {
            var (start, count) = Pairs(e);
            if (count == 0)
                continue;
            var ending = new GateEnding
            {
                Activation = mixture.Activation,
                GateBias = BiasOf(weights.GateBias, e, _hidden),
                UpBias = BiasOf(weights.UpBias, e, _hidden),
                Weights = mixture.WeighsInput ? buffers.PairWeights.Floats + start : null,
            };
            context.Products.Gate(
                thread, weights.Gate[e], weights.Up[e], ending, x, (int*)buffers.PairTokens.Data + start, count,
                context.Buffers.Hidden.Floats + ((long)start * _hidden), _hidden);
        }
    }

    private void Down(int thread)
    {
        var hidden = new ActivationView(buffers.Hidden, _hidden);
        var width = context.Width;
        for (var e = 0; e < _experts; e++)
        {
            var (start, count) = Pairs(e);
            if (count > 0)
            {
                context.Products.Store(
                    thread, weights.Down[e], 0, weights.Down[e].Panels, hidden, (int*)buffers.Identity.Data + start, count,
                    buffers.Outputs.Floats + ((long)start * width), width, BiasOf(weights.DownBias, e, width));
            }
        }
    }

    private void AddChoices(int token, NativeBuffer target, bool adds)
    {
        var width = context.Width;
        var row = target.Floats + ((long)token * width);
        for (var k = 0; k < _used; k++)
        {
            var choice = (token * _used) + k;
            var output = buffers.Outputs.Floats + ((long)buffers.PairOf[choice] * width);
            var weight = mixture.WeighsInput ? 1 : buffers.Weights[choice];
            if (adds || k > 0)
                VectorMath<TLanes>.Blend(output, weight, row, 1, width);
            else
                VectorMath<TLanes>.Multiply(output, weight, row, width);
        }
    }

    private static float* BiasOf(float* biases, int expert, int count) => biases == null ? null : biases + ((long)expert * count);
}
