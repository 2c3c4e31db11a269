using System.Numerics.Tensors;

namespace Crescent.Engine.Sampling;

/// <summary>
/// Draws tokens from logits. Randomness is a function of the request's seed and the position alone, so the same request gives
/// the same tokens whatever runs beside it and wherever it is resumed. The order of the steps is temperature, top_p, draw; penalties, bias and
/// masks come before them.
/// </summary>
public sealed class Sampler(int vocabularySize)
{
    private readonly float[] _keys = new float[vocabularySize];
    private readonly int[] _tokens = new int[vocabularySize];

    /// <summary>The token for <paramref name="position"/>.</summary>
    /// <param name="logits">(vocabulary), overwritten.</param>
    /// <param name="parameters">How to draw.</param>
    /// <param name="position">Position of the token in prompt and output.</param>
    public int Sample(Span<float> logits, SamplingParameters parameters, int position)
    {
        if (parameters.Temperature <= 0)
        {
            return TensorPrimitives.IndexOfMax<float>(logits);
        }

        TensorPrimitives.Divide(logits, parameters.Temperature, logits);
        TensorPrimitives.SoftMax<float>(logits, logits);
        var uniform = CounterRandom.NextUniform(parameters.Seed, position);
        return parameters.TopP >= 1 ? Draw(logits, uniform) : DrawNucleus(logits, parameters.TopP, uniform);
    }

    /// <summary>Walks the cumulative distribution in the vocabulary's order.</summary>
    private static int Draw(ReadOnlySpan<float> probabilities, double uniform)
    {
        var left = uniform;
        for (var token = 0; token < probabilities.Length; token++)
        {
            left -= probabilities[token];
            if (left < 0)
            {
                return token;
            }
        }

        // Rounding may leave a little over: then the likeliest is as good as any.
        return TensorPrimitives.IndexOfMax(probabilities);
    }

    /// <summary>Draws among the likeliest tokens whose probabilities reach <paramref name="topP"/>.</summary>
    private int DrawNucleus(ReadOnlySpan<float> probabilities, float topP, double uniform)
    {
        // Tokens below this cannot be in the nucleus together with enough others to matter: all of them make at most 1 - topP.
        var floor = (1 - topP) / probabilities.Length;
        var count = 0;
        for (var token = 0; token < probabilities.Length; token++)
        {
            if (probabilities[token] >= floor)
            {
                _keys[count] = -probabilities[token];
                _tokens[count++] = token;
            }
        }

        var keys = _keys.AsSpan(0, count);
        keys.Sort(_tokens.AsSpan(0, count), static (a, b) => a.CompareTo(b));
        var sum = 0.0;
        var kept = 0;
        while (kept < count && sum < topP)
        {
            sum -= keys[kept++];
        }

        var left = uniform * sum;
        for (var i = 0; i < kept; i++)
        {
            left += keys[i];
            if (left < 0)
            {
                return _tokens[i];
            }
        }

        return _tokens[0];
    }
}
