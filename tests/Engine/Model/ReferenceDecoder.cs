using System.Numerics;
using Crescent.Engine.Model.Architectures;
using Crescent.Engine.Model.Gguf;
using Crescent.Engine.Model.Layers;

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
    public float[][] LogProbabilities(ReadOnlySpan<int> tokens, int from, float[][]? inputs = null)
    {
        var logits = Linear(HiddenStates(tokens, inputs)[from..], _graph.Output);
        Scale(logits, _graph.LogitScale);
        if (_graph.LogitCap > 0)
        {
            logits = [.. logits.Select(row => row.Select(y => _graph.LogitCap * MathF.Tanh(y / _graph.LogitCap)).ToArray())];
        }

        return [.. logits.Select(LogSoftmax)];
    }

    /// <summary>Values in the residual stream.</summary>
    public int Width => _config.Width;

    /// <summary>What the last layer gives for each of <paramref name="tokens"/> (width), after the final norm; those of a head come with the hidden states <paramref name="inputs"/>.</summary>
    public float[][] HiddenStates(ReadOnlySpan<int> tokens, float[][]? inputs = null)
    {
        var stream = new float[tokens.Length][];
        for (var t = 0; t < tokens.Length; t++)
        {
            stream[t] = new float[_config.Width];
            Dequantizer.Dequantize(_graph.TokenEmbedding.Type, _graph.TokenEmbedding.Row(tokens[t]), stream[t]);
        }

        Scale(stream, _graph.EmbeddingScale);
        if (_graph.HiddenInput is { } joined)
        {
            stream = Linear([.. stream.Zip(inputs!, (e, h) => (float[])[.. Norm(e, Weights(joined.TokenNorm)), .. Norm(h, Weights(joined.HiddenNorm))])], joined.Projection);
        }

        PerLayer = Told(tokens, stream);
        KeysAndValues.Clear();
        foreach (var layer in _graph.Layers)
        {
            foreach (var branch in layer.Branches)
            {
                var output = Output(branch, stream);
                Scale(output, branch.Scale);
                Add(stream, output);
            }

            Scale(stream, layer.OutputScale);
        }

        return Norm(stream, _graph.OutputNorm);
    }

    /// <summary>What each layer is told of each token (values of all layers), where there is such a thing.</summary>
    public float[][] PerLayer { get; private set; } = [];

    /// <summary>Keys and values of each position, as attention sees them, for layers that see those of another.</summary>
    public Dictionary<AttentionOperator, (float[][] Keys, float[][] Values)> KeysAndValues { get; } = new(ReferenceEqualityComparer.Instance);

    private float[][] Output(ResidualBranch branch, float[][] stream)
    {
        var input = branch.Norm is null ? stream : Norm(stream, branch.Norm);
        var output = stream.Select(static row => new float[row.Length]).ToArray();
        foreach (var step in branch.Operators)
        {
            Add(output, ReferenceOperators.Run(this, step, input, stream));
        }

        foreach (var part in branch.Parts)
        {
            Add(output, Output(part, stream));
        }

        return branch.PostNorm is null ? output : Norm(output, branch.PostNorm);
    }

    private float[][] Told(ReadOnlySpan<int> tokens, float[][] embeddings)
    {
        if (_graph.PerLayer is not { } input)
        {
            return [];
        }

        var (table, norm) = (Weights(input.Tokens), Weights(input.Norm));
        var told = Linear(embeddings, input.Projection);
        for (var t = 0; t < told.Length; t++)
        {
            for (var i = 0; i < told[t].Length; i += input.Size)
            {
                var part = Norm([.. told[t].AsSpan(i, input.Size).ToArray().Select(x => x / MathF.Sqrt(Width))], norm);
                for (var j = 0; j < part.Length; j++)
                {
                    told[t][i + j] = (part[j] + (table[((long)tokens[t] * input.AllSize) + i + j] * MathF.Sqrt(input.Size))) / MathF.Sqrt(2);
                }
            }
        }

        return told;
    }

    /// <summary>x / sqrt(mean of squares + epsilon), times the gain where there is one.</summary>
    public float[] Norm(ReadOnlySpan<float> input, float[]? gain)
    {
        var scale = 1 / MathF.Sqrt((Dot(input, input) / input.Length) + _config.NormEpsilon);
        var output = new float[input.Length];
        for (var i = 0; i < output.Length; i++)
        {
            output[i] = input[i] * scale * (gain?[i] ?? 1);
        }

        return output;
    }

    /// <summary>W x (+ bias) for each row.</summary>
    public float[][] Linear(float[][] input, GgufTensor matrix, ReadOnlySpan<float> bias = default)
    {
        var weights = Weights(matrix);
        var columns = matrix.Columns;
        var output = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            output[t] = bias.IsEmpty ? new float[matrix.Rows] : bias.ToArray();
            for (var row = 0; row < matrix.Rows; row++)
            {
                output[t][row] += Dot(weights.AsSpan(row * columns, columns), input[t]);
            }
        }

        return output;
    }

    /// <summary>All values of a tensor as floats.</summary>
    public float[] Weights(GgufTensor tensor)
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

    /// <summary>The same, or nothing.</summary>
    public ReadOnlySpan<float> WeightsOrNone(GgufTensor? tensor) => tensor is null ? default : Weights(tensor);

    private float[][] Norm(float[][] input, GgufTensor gain) => [.. input.Select(x => Norm(x, Weights(gain)))];

    private static float[] LogSoftmax(float[] logits)
    {
        var max = logits.Max();
        var logSum = max + Math.Log(logits.Sum(logit => Math.Exp(logit - max)));
        return [.. logits.Select(logit => (float)(logit - logSum))];
    }

    private static void Scale(float[][] rows, float factor)
    {
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++)
            {
                row[i] *= factor;
            }
        }
    }

    private static void Add(float[][] stream, float[][] change)
    {
        for (var t = 0; t < stream.Length; t++)
        {
            AddScaled(stream[t], change[t], 1);
        }
    }

    public static void AddScaled(Span<float> sum, ReadOnlySpan<float> values, float scale)
    {
        for (var i = 0; i < sum.Length; i++)
        {
            sum[i] += scale * values[i];
        }
    }

    public static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
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
