using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

namespace Crescent.Tests.Engine.Model;

/// <summary>Each operator of a layer, plainly: whole sequences at once, no cache.</summary>
internal static class ReferenceOperators
{
    /// <summary>The output of <paramref name="step"/> for each row of <paramref name="input"/>, which is the <paramref name="stream"/> behind a norm.</summary>
    public static float[][] Run(ReferenceDecoder decoder, LayerOperator step, float[][] input, float[][] stream) => step switch
    {
        AttentionOperator attention => Attention(decoder, attention, input),
        FeedForwardOperator dense => FeedForward(decoder, dense, input),
        GatedDeltaNetOperator net => ReferenceStates.DeltaNet(decoder, net, input),
        LatentAttentionOperator latent => ReferenceLatentAttention.Run(decoder, latent, input),
        Mamba2Operator mamba => ReferenceStates.Mamba2(decoder, mamba, input),
        ShortConvolutionOperator convolution => ReferenceStates.ShortConvolution(decoder, convolution, input),
        MixtureOperator mixture => Mixture(decoder, mixture, input, stream),
        PerLayerInputOperator told => PerLayer(decoder, told, input),
        _ => throw new NotSupportedException(step.Name),
    };

    private static float[][] Attention(ReferenceDecoder decoder, AttentionOperator attention, float[][] input)
    {
        var (count, size) = (attention.Heads.Count, attention.Heads.Size);
        var group = count / attention.Heads.KvCount;
        var query = decoder.Linear(input, attention.Query, decoder.WeightsOrNone(attention.QueryBias));
        var gates = query;
        if (attention.HasOutputGate)
        {
            gates = [.. query.Select(row => Part(row, size, 1))];
            query = [.. query.Select(row => Part(row, size, 0))];
        }

        for (var t = 0; t < input.Length; t++)
        {
            PrepareHeads(decoder, attention, query[t], attention.QueryNorm, t);
        }

        if (attention.KeysOf is null)
        {
            decoder.KeysAndValues[attention] = KeysAndValues(decoder, attention, input);
        }

        var (key, value) = decoder.KeysAndValues[attention.KeysOf ?? attention];

        var mixed = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            mixed[t] = new float[attention.Heads.QueryWidth];
            var first = attention.Window > 0 ? Math.Max(0, t - attention.Window + 1) : attention.ChunkLength > 0 ? t / attention.ChunkLength * attention.ChunkLength : 0;
            for (var head = 0; head < count; head++)
            {
                var own = query[t].AsSpan(head * size, size);
                var scores = new List<float>();
                for (var s = first; s <= t; s++)
                {
                    var score = ReferenceDecoder.Dot(own, key[s].AsSpan(head / group * size, size)) * attention.Scale * (attention.Temperature?.At(t) ?? 1);
                    scores.Add(attention.ScoreCap > 0 ? attention.ScoreCap * MathF.Tanh(score / attention.ScoreCap) : score);
                }

                if (attention.Sinks is not null)
                {
                    scores.Add(decoder.Weights(attention.Sinks)[head]);
                }

                var shares = Softmax([.. scores]);
                for (var s = first; s <= t; s++)
                {
                    ReferenceDecoder.AddScaled(mixed[t].AsSpan(head * size, size), value[s].AsSpan(head / group * size, size), shares[s - first]);
                }
            }
        }

        if (attention.HasOutputGate)
        {
            mixed = [.. mixed.Zip(gates, static (row, gate) => row.Zip(gate, static (y, g) => y * Sigmoid(g)).ToArray())];
        }

        return decoder.Linear(mixed, attention.Output, decoder.WeightsOrNone(attention.OutputBias));
    }

    private static (float[][] Keys, float[][] Values) KeysAndValues(ReferenceDecoder decoder, AttentionOperator attention, float[][] input)
    {
        var keys = decoder.Linear(input, attention.Key!, decoder.WeightsOrNone(attention.KeyBias));
        var values = attention.Value is null ? keys.Select(static row => row.ToArray()).ToArray() : decoder.Linear(input, attention.Value, decoder.WeightsOrNone(attention.ValueBias));
        for (var t = 0; t < input.Length; t++)
        {
            PrepareHeads(decoder, attention, keys[t], attention.KeyNorm, t);
        }

        return (keys, attention.NormalisesValues ? [.. values.Select(row => row.Chunk(attention.Heads.Size).SelectMany(head => decoder.Norm(head, null)).ToArray())] : values);
    }

    private static float[][] PerLayer(ReferenceDecoder decoder, PerLayerInputOperator told, float[][] input)
    {
        var gate = decoder.Linear(input, told.Gate);
        return decoder.Linear([.. gate.Zip(decoder.PerLayer, (g, all) => Activate(FeedForwardActivation.GeGlu, g, all[(told.Layer * told.Size)..((told.Layer + 1) * told.Size)]))], told.Output);
    }

    private static float[][] FeedForward(ReferenceDecoder decoder, FeedForwardOperator dense, float[][] input)
    {
        var gate = decoder.Linear(input, dense.Gate);
        var up = decoder.Linear(input, dense.Up);
        var output = decoder.Linear([.. gate.Zip(up, (g, u) => Activate(dense.Activation, g, u))], dense.Down);
        if (dense.Share is null)
        {
            return output;
        }

        var shares = decoder.Linear(input, dense.Share);
        return [.. output.Zip(shares, static (row, share) => row.Select(y => y * Sigmoid(share[0])).ToArray())];
    }

    private static float[][] Mixture(ReferenceDecoder decoder, MixtureOperator mixture, float[][] input, float[][] stream)
    {
        var routed = mixture.RouterNorm is null ? input : [.. stream.Select(row => decoder.Norm(row, decoder.Weights(mixture.RouterNorm)).Select(x => x * mixture.RouterScale).ToArray())];
        var logits = decoder.Linear(routed, mixture.Router, decoder.WeightsOrNone(mixture.RouterBias));
        var output = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            output[t] = new float[decoder.Width];
            foreach (var (expert, weight) in Choose(decoder, mixture, logits[t]))
            {
                var x = input[t];
                if (mixture.WeighsInput)
                {
                    x = [.. x.Select(v => v * weight)];
                }

                var gate = decoder.Linear([x], mixture.Gate[expert], Bias(mixture.GateBias, expert, mixture.HiddenWidth));
                var up = decoder.Linear([x], mixture.Up[expert], Bias(mixture.UpBias, expert, mixture.HiddenWidth));
                var down = decoder.Linear([Activate(mixture.Activation, gate[0], up[0])], mixture.Down[expert], Bias(mixture.DownBias, expert, decoder.Width));
                ReferenceDecoder.AddScaled(output[t], down[0], mixture.WeighsInput ? 1 : weight);
            }
        }

        return output;

        ReadOnlySpan<float> Bias(GgufTensor? all, int expert, int width) => all is null ? default : decoder.Weights(all).AsSpan(expert * width, width);
    }

    private static IEnumerable<(int Expert, float Weight)> Choose(ReferenceDecoder decoder, MixtureOperator mixture, float[] logits)
    {
        var scores = mixture.Gating switch
        {
            ExpertGating.Softmax => Softmax(logits),
            ExpertGating.Sigmoid => [.. logits.Select(Sigmoid)],
            _ => logits,
        };
        var bias = mixture.ChoiceBias is null ? new float[logits.Length] : decoder.Weights(mixture.ChoiceBias);
        int[] chosen = [.. Enumerable.Range(0, logits.Length).OrderByDescending(expert => scores[expert] + bias[expert]).Take(mixture.UsedCount)];
        float[] weights = [.. chosen.Select(expert => scores[expert])];
        if (mixture.Gating == ExpertGating.SoftmaxOfChosen)
        {
            weights = Softmax(weights);
        }
        else if (mixture.NormalisesWeights)
        {
            var sum = weights.Sum();
            weights = [.. weights.Select(weight => weight / sum)];
        }

        return chosen.Zip(weights, (expert, weight) => (expert, weight * mixture.WeightScale * (mixture.OutputScale is null ? 1 : decoder.Weights(mixture.OutputScale)[expert])));
    }

    private static float[] Activate(FeedForwardActivation activation, float[] gate, float[] up) => [.. gate.Zip(up, (g, u) => activation switch
    {
        FeedForwardActivation.GeGlu => 0.5f * g * (1 + MathF.Tanh(0.7978845608f * (g + (0.044715f * g * g * g)))) * u,
        FeedForwardActivation.ClampedSwiGlu => MathF.Min(g, 7) * Sigmoid(1.702f * MathF.Min(g, 7)) * (Math.Clamp(u, -7, 7) + 1),
        FeedForwardActivation.SquaredRelu => MathF.Max(u, 0) * MathF.Max(u, 0),
        _ => g * Sigmoid(g) * u,
    })];

    /// <summary>Of each two heads in a row the first or the second.</summary>
    private static float[] Part(float[] row, int size, int part) => [.. row.Chunk(size).Where((_, i) => i % 2 == part).SelectMany(static head => head)];

    public static float Sigmoid(float x) => 1 / (1 + MathF.Exp(-x));

    /// <summary>Normalises each head of one position, where the model does, and rotates it.</summary>
    private static void PrepareHeads(ReferenceDecoder decoder, AttentionOperator attention, float[] values, GgufTensor? norm, int position)
    {
        var size = attention.Heads.Size;
        for (var head = 0; head < values.Length / size; head++)
        {
            var span = values.AsSpan(head * size, size);
            if (norm is not null)
            {
                decoder.Norm(span, decoder.Weights(norm)).CopyTo(span);
            }

            if (attention.Rope is { } rope)
            {
                Rotate(rope, span, position);
            }

            if (attention.NormalisesTurned)
            {
                decoder.Norm(span, null).CopyTo(span);
            }
        }
    }

    public static void Rotate(RopeSettings rope, Span<float> head, int position)
    {
        for (var i = 0; i < rope.Frequencies.Count; i++)
        {
            var cos = (float)(Math.Cos(position * rope.Frequencies[i]) * rope.Magnitude);
            var sin = (float)(Math.Sin(position * rope.Frequencies[i]) * rope.Magnitude);
            var (a, b) = rope.Layout == RopeLayout.Interleaved ? (2 * i, (2 * i) + 1) : (i, i + rope.Frequencies.Count);
            (head[a], head[b]) = ((head[a] * cos) - (head[b] * sin), (head[a] * sin) + (head[b] * cos));
        }
    }

    public static float[] Softmax(float[] values)
    {
        var max = values.Max();
        float[] shares = [.. values.Select(value => MathF.Exp(value - max))];
        var sum = shares.Sum();
        return [.. shares.Select(share => share / sum)];
    }
}
