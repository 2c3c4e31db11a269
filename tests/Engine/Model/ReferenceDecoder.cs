using System.Numerics;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;

namespace Crescent.Tests.Engine.Model;

/// <summary>
/// The exact answer for a model: float32 arithmetic on dequantised weights, whole sequences at once, no cache, no batching, no
/// tricks. Every device is measured against it.
/// </summary>
internal sealed class ReferenceDecoder
{
    private readonly DecoderGraph _graph;
    private readonly ModelConfig _config;
    private readonly Dictionary<GgufTensor, float[]> _weights = [];

    public ReferenceDecoder(DecoderGraph graph)
    {
        _graph = graph;
        _config = graph.Config;
    }

    /// <summary>Log-probabilities (vocabulary) of what follows position <paramref name="from"/> and each later one of <paramref name="tokens"/>.</summary>
    public float[][] LogProbabilities(ReadOnlySpan<int> tokens, int from) =>
        [.. Linear(HiddenStates(tokens)[from..], _graph.Output).Select(LogSoftmax)];

    /// <summary>What the last layer gives for each of <paramref name="tokens"/> (width), after the final norm.</summary>
    public float[][] HiddenStates(ReadOnlySpan<int> tokens)
    {
        var stream = new float[tokens.Length][];
        for (var t = 0; t < tokens.Length; t++)
        {
            stream[t] = new float[_config.Width];
            Dequantizer.Dequantize(_graph.TokenEmbedding.Type, _graph.TokenEmbedding.Row(tokens[t]), stream[t]);
        }

        foreach (var layer in _graph.Layers)
        {
            Add(stream, Attention(layer, Norm(stream, layer.AttentionNorm)));
            Add(stream, FeedForward(layer, Norm(stream, layer.FeedForwardNorm)));
        }

        return Norm(stream, _graph.OutputNorm);
    }

    private float[][] Attention(DecoderLayer layer, float[][] input)
    {
        var query = Linear(input, layer.Query, layer.QueryBias);
        var key = Linear(input, layer.Key, layer.KeyBias);
        var value = Linear(input, layer.Value, layer.ValueBias);
        for (var t = 0; t < input.Length; t++)
        {
            PrepareHeads(query[t], layer.QueryNorm, t);
            PrepareHeads(key[t], layer.KeyNorm, t);
        }

        var size = _config.HeadSize;
        var group = _config.HeadCount / _config.KvHeadCount;
        var mixed = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            mixed[t] = new float[_config.QueryWidth];
            for (var head = 0; head < _config.HeadCount; head++)
            {
                var own = query[t].AsSpan(head * size, size);
                var scores = new float[t + 1];
                for (var s = 0; s <= t; s++)
                {
                    scores[s] = Dot(own, key[s].AsSpan(head / group * size, size)) / MathF.Sqrt(size);
                }

                Softmax(scores);
                for (var s = 0; s <= t; s++)
                {
                    AddScaled(mixed[t].AsSpan(head * size, size), value[s].AsSpan(head / group * size, size), scores[s]);
                }
            }
        }

        return Linear(mixed, layer.AttentionOutput);
    }

    private float[][] FeedForward(DecoderLayer layer, float[][] input)
    {
        if (layer.Router is null)
        {
            return Expert(layer, input, 0);
        }

        var shares = Linear(input, layer.Router);
        var output = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            Softmax(shares[t]);
            output[t] = new float[_config.Width];
            var chosen = Enumerable.Range(0, _config.ExpertCount)
                .OrderByDescending(expert => shares[t][expert]).Take(_config.ExpertUsedCount).ToArray();
            var sum = chosen.Sum(expert => shares[t][expert]);
            foreach (var expert in chosen)
            {
                AddScaled(output[t], Expert(layer, [input[t]], expert)[0], shares[t][expert] / sum);
            }
        }

        return output;
    }

    private float[][] Expert(DecoderLayer layer, float[][] input, int expert)
    {
        var gate = Linear(input, layer.Gate, expert: expert, rows: _config.FeedForwardWidth);
        var up = Linear(input, layer.Up, expert: expert, rows: _config.FeedForwardWidth);
        for (var t = 0; t < input.Length; t++)
        {
            for (var i = 0; i < gate[t].Length; i++)
            {
                gate[t][i] = gate[t][i] / (1 + MathF.Exp(-gate[t][i])) * up[t][i];
            }
        }

        return Linear(gate, layer.Down, expert: expert, rows: _config.Width);
    }

    /// <summary>Normalises each head of one position, where the model does, and rotates it.</summary>
    private void PrepareHeads(float[] values, GgufTensor? norm, int position)
    {
        var size = _config.HeadSize;
        for (var head = 0; head < values.Length / size; head++)
        {
            var span = values.AsSpan(head * size, size);
            if (norm is not null)
            {
                Norm(span, Weights(norm)).CopyTo(span);
            }

            Rotate(span, position);
        }
    }

    private void Rotate(Span<float> head, int position)
    {
        var half = head.Length / 2;
        for (var i = 0; i < half; i++)
        {
            var frequency = Math.Pow(_config.RopeTheta, -2.0 * i / head.Length);
            if (_graph.RopeFactors is { } factors)
            {
                frequency /= Weights(factors)[i];
            }

            var cos = (float)Math.Cos(position * frequency);
            var sin = (float)Math.Sin(position * frequency);
            var (a, b) = _config.RopeLayout == RopeLayout.Interleaved ? (2 * i, (2 * i) + 1) : (i, i + half);
            (head[a], head[b]) = ((head[a] * cos) - (head[b] * sin), (head[a] * sin) + (head[b] * cos));
        }
    }

    private float[][] Norm(float[][] input, GgufTensor gain) => [.. input.Select(x => Norm(x, Weights(gain)))];

    private float[] Norm(ReadOnlySpan<float> input, float[] gain)
    {
        var scale = 1 / MathF.Sqrt((Dot(input, input) / input.Length) + _config.NormEpsilon);
        var output = new float[input.Length];
        for (var i = 0; i < output.Length; i++)
        {
            output[i] = input[i] * scale * gain[i];
        }

        return output;
    }

    private float[][] Linear(float[][] input, GgufTensor matrix, GgufTensor? bias = null, int expert = 0, int? rows = null)
    {
        var weights = Weights(matrix);
        var columns = matrix.Columns;
        var outputs = rows ?? (int)matrix.Rows;
        var output = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            output[t] = bias is null ? new float[outputs] : [.. Weights(bias)];
            for (var row = 0; row < outputs; row++)
            {
                output[t][row] += Dot(weights.AsSpan(((expert * outputs) + row) * columns, columns), input[t]);
            }
        }

        return output;
    }

    private float[] Weights(GgufTensor tensor)
    {
        if (!_weights.TryGetValue(tensor, out var weights))
        {
            weights = new float[tensor.Rows * tensor.Columns];
            for (var row = 0; row < tensor.Rows; row++)
            {
                Dequantizer.Dequantize(tensor.Type, tensor.Row(row), weights.AsSpan(row * tensor.Columns, tensor.Columns));
            }

            _weights.Add(tensor, weights);
        }

        return weights;
    }

    private static float[] LogSoftmax(float[] logits)
    {
        var max = logits.Max();
        var logSum = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => (float)(logit - logSum))];
    }

    private static void Softmax(float[] values)
    {
        var max = values.Max();
        var sum = 0f;
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Exp(values[i] - max);
            sum += values[i];
        }

        for (var i = 0; i < values.Length; i++)
        {
            values[i] /= sum;
        }
    }

    private static void Add(float[][] stream, float[][] change)
    {
        for (var t = 0; t < stream.Length; t++)
        {
            AddScaled(stream[t], change[t], 1);
        }
    }

    private static void AddScaled(Span<float> sum, ReadOnlySpan<float> values, float scale)
    {
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += scale * values[i];
        }
    }

    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var sum = Vector<float>.Zero;
        var i = 0;
        for (; i <= a.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            sum += new Vector<float>(a[i..]) * new Vector<float>(b[i..]);
        }

        var total = Vector.Sum(sum);
        for (; i < a.Length; i++)
        {
            total += a[i] * b[i];
        }

        return total;
    }
}
