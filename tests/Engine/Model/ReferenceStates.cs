using Crescent.Engine.Model.Layers;

namespace Crescent.Tests.Engine.Model;

/// <summary>Operators that keep a state, plainly: whole sequences, from zeros.</summary>
internal static class ReferenceStates
{
    public static float[][] ShortConvolution(ReferenceDecoder decoder, ShortConvolutionOperator step, float[][] input)
    {
        var width = step.Channels;
        var projected = decoder.Linear(input, step.Input);
        var convolved = Convolve([.. projected.Select(row => Products(row[..width], row[(2 * width)..]))], decoder.Weights(step.Convolution), step.Kernel);
        return decoder.Linear([.. convolved.Zip(projected, (row, p) => Products(row, p[width..(2 * width)]))], step.Output);
    }

    public static float[][] DeltaNet(ReferenceDecoder decoder, GatedDeltaNetOperator net, float[][] input)
    {
        var (size, group) = (net.HeadSize, net.ValueHeads / net.KeyHeads);
        var rows = Convolve(decoder.Linear(input, net.QueryKeyValue), decoder.Weights(net.Convolution), net.Kernel)
            .Select(static row => row.Select(static x => x * ReferenceOperators.Sigmoid(x)).ToArray()).ToArray();
        var gates = decoder.Linear(input, net.Gate);
        var together = net.BetaAlpha is null ? null : decoder.Linear(input, net.BetaAlpha);
        var betas = net.Beta is null ? null : decoder.Linear(input, net.Beta);
        var alphas = net.Alpha is null ? null : decoder.Linear(input, net.Alpha);
        var (rates, bias, gain) = (decoder.Weights(net.DecayRate), decoder.Weights(net.DecayBias), decoder.Weights(net.OutputNorm));
        var memory = new float[net.ValueHeads, size, size];
        var output = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            output[t] = new float[net.ValueWidth];
            for (var head = 0; head < net.ValueHeads; head++)
            {
                var keyHead = net.NeighboursShareKeys ? head / group : head % net.KeyHeads;
                var query = Unit(rows[t].AsSpan(keyHead * size, size), 1 / MathF.Sqrt(size));
                var key = Unit(rows[t].AsSpan((net.KeyHeads + keyHead) * size, size), 1);
                var at = (head / group * 2 * group) + (head % group);
                var beta = ReferenceOperators.Sigmoid(betas?[t][head] ?? together![t][at]);
                var alpha = (alphas?[t][head] ?? together![t][at + group]) + bias[head];
                var decay = MathF.Exp(rates[head] * (MathF.Max(alpha, 0) + MathF.Log(1 + MathF.Exp(-MathF.Abs(alpha)))));
                var result = new float[size];
                for (var v = 0; v < size; v++)
                {
                    var recalled = 0f;
                    for (var k = 0; k < size; k++)
                    {
                        recalled += (memory[head, v, k] *= decay) * key[k];
                    }

                    var change = beta * (rows[t][(2 * net.KeyHeads * size) + (head * size) + v] - recalled);
                    for (var k = 0; k < size; k++)
                    {
                        result[v] += (memory[head, v, k] += change * key[k]) * query[k];
                    }
                }

                result = decoder.Norm(result, gain);
                for (var v = 0; v < size; v++)
                {
                    var gate = gates[t][(head * size) + v];
                    output[t][(head * size) + v] = result[v] * gate * ReferenceOperators.Sigmoid(gate);
                }
            }
        }

        return decoder.Linear(output, net.Output);
    }

    public static float[][] Mamba2(ReferenceDecoder decoder, Mamba2Operator mamba, float[][] input)
    {
        var (inner, size, states, channels) = (mamba.Inner, mamba.HeadSize, mamba.StateSize, mamba.Channels);
        var projected = decoder.Linear(input, mamba.Input);
        var bias = decoder.Weights(mamba.ConvolutionBias);
        var rows = Convolve([.. projected.Select(row => row[inner..(inner + channels)])], decoder.Weights(mamba.Convolution), mamba.Kernel)
            .Select(row => row.Zip(bias, static (x, b) => (x + b) * ReferenceOperators.Sigmoid(x + b)).ToArray()).ToArray();
        var (rates, steps, skips, gain) = (decoder.Weights(mamba.DecayRate), decoder.Weights(mamba.StepBias), decoder.Weights(mamba.Skip), decoder.Weights(mamba.OutputNorm));
        var memory = new float[inner, states];
        var output = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            var y = new float[inner];
            for (var i = 0; i < inner; i++)
            {
                var head = i / size;
                var b = inner + (head / (mamba.Heads / mamba.Groups) * states);
                var raw = projected[t][inner + channels + head] + steps[head];
                var step = MathF.Max(raw, 0) + MathF.Log(1 + MathF.Exp(-MathF.Abs(raw)));
                for (var n = 0; n < states; n++)
                {
                    memory[i, n] = (memory[i, n] * MathF.Exp(step * rates[head])) + (step * rows[t][i] * rows[t][b + n]);
                    y[i] += memory[i, n] * rows[t][b + (mamba.Groups * states) + n];
                }

                y[i] = (y[i] + (skips[head] * rows[t][i])) * projected[t][i] * ReferenceOperators.Sigmoid(projected[t][i]);
            }

            var width = inner / mamba.Groups;
            output[t] = [.. Enumerable.Range(0, mamba.Groups).SelectMany(group => decoder.Norm(y.AsSpan(group * width, width), gain[(group * width)..((group + 1) * width)]))];
        }

        return decoder.Linear(output, mamba.Output);
    }

    private static float[] Unit(ReadOnlySpan<float> x, float factor)
    {
        var length = MathF.Max(MathF.Sqrt(ReferenceDecoder.Dot(x, x)), 1e-6f);
        return [.. x.ToArray().Select(value => value / length * factor)];
    }

    private static float[][] Convolve(float[][] input, float[] weights, int kernel)
    {
        var output = new float[input.Length][];
        for (var t = 0; t < input.Length; t++)
        {
            output[t] = new float[input[t].Length];
            for (var c = 0; c < output[t].Length; c++)
            {
                for (var j = Math.Max(0, kernel - 1 - t); j < kernel; j++)
                {
                    output[t][c] += weights[(c * kernel) + j] * input[t - kernel + 1 + j][c];
                }
            }
        }

        return output;
    }

    private static float[] Products(float[] x, float[] y) => [.. x.Zip(y, static (a, b) => a * b)];
}
