using System.Numerics.Tensors;
using Crescent.Engine.Model.Text;

namespace Crescent.Engine.Sampling;

/// <summary>
/// Draws tokens from logits, in the order of <see cref="SamplingParameters"/>. Randomness is a function of the request's seed
/// and the position alone, so the same request gives the same tokens whatever runs beside it and wherever it is resumed. One
/// sampler serves one thread.
/// </summary>
public sealed class Sampler
{
    /// <summary>What <see cref="Sample"/> gives when the output's structure allows no token.</summary>
    public const int NoToken = -1;

    /// <summary>Tokens that are drawn in vain, because the output could not be ended in time after them, before the shortest way is taken.</summary>
    private const int MaxRefused = 8;

    private readonly ulong[] _order;
    private readonly int[] _endTokens;
    private readonly ulong[] _mask;

    /// <summary>A sampler for the vocabulary of <paramref name="tokenizer"/>, as far as the model has logits for it.</summary>
    public Sampler(Tokenizer tokenizer, int vocabularySize)
    {
        _order = new ulong[vocabularySize];
        _mask = new ulong[(Math.Max(vocabularySize, tokenizer.VocabularySize) + 63) / 64];
        _endTokens = Enumerable.Range(0, Math.Min(vocabularySize, tokenizer.VocabularySize)).Where(tokenizer.IsEndOfGeneration).ToArray();
    }

    /// <summary>The next token of a sequence.</summary>
    /// <param name="logits">(vocabulary), overwritten.</param>
    /// <param name="state">The sequence's.</param>
    /// <param name="position">Position of the token in prompt and output: the randomness depends on it.</param>
    /// <param name="logprobs">The model's logprobs, when the request asks for them.</param>
    /// <returns>The token, or <see cref="NoToken"/>.</returns>
    public int Sample(Span<float> logits, SamplingState state, int position, out TokenLogprobs? logprobs)
    {
        var parameters = state.Parameters;
        float[]? raw = parameters.TopLogprobs is null ? null : logits.ToArray();
        if (state.Constraint?.Apply(logits, _mask) == false)
        {
            logprobs = null;
            return NoToken;
        }

        Adjust(logits, state);
        var token = Choose(logits, state, position);
        logprobs = raw is null ? null : Logprobs(raw, token, parameters.TopLogprobs!.Value);
        return token;
    }

    /// <summary>
    /// Chooses a token that leaves the structure of the output, if it has one, enough of the tokens that may still come to be ended.
    /// </summary>
    private int Choose(Span<float> logits, SamplingState state, int position)
    {
        var parameters = state.Parameters;
        var constraint = state.Constraint;
        var spare = constraint?.Spare(state.TokensLeft) ?? -1;
        if (spare == 0 && constraint!.ClosingToken() is >= 0 and var closing)
        {
            return closing;
        }

        var greedy = parameters.Temperature <= 0;
        if (!greedy)
        {
            Weigh(logits, parameters.Temperature);
        }

        var uniform = greedy ? 0 : CounterRandom.NextUniform(parameters.Seed, position);
        var first = NoToken;
        for (var refused = 0; refused < MaxRefused; refused++)
        {
            var token = greedy ? TensorPrimitives.IndexOfMax<float>(logits) : Pick(logits, parameters, uniform);
            if (spare < 0 || constraint!.CanEndAfter(token, state.TokensLeft))
            {
                return token;
            }

            first = refused == 0 ? token : first;
            logits[token] = greedy ? float.NegativeInfinity : 0;
        }

        // A vocabulary that lacks a byte may have no way: then the output is cut at its limit.
        return constraint!.ClosingToken() is >= 0 and var way ? way : first;
    }

    private static TokenLogprobs Logprobs(ReadOnlySpan<float> logits, int chosen, int count)
    {
        var max = TensorPrimitives.Max(logits);
        var sum = 0.0;
        foreach (var logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        var normaliser = max + (float)Math.Log(sum);
        Span<int> top = stackalloc int[SamplingParameters.MaxTopLogprobs];
        var found = 0;
        for (var token = 0; token < logits.Length; token++)
        {
            if (found == count && (count == 0 || logits[token] <= logits[top[count - 1]]))
            {
                continue;
            }

            var at = found < count ? found++ : count - 1;
            for (; at > 0 && logits[top[at - 1]] < logits[token]; at--)
            {
                top[at] = top[at - 1];
            }

            top[at] = token;
        }

        var tokens = top[..found].ToArray();
        var values = new float[found];
        for (var i = 0; i < found; i++)
        {
            values[i] = logits[tokens[i]] - normaliser;
        }

        return new TokenLogprobs(logits[chosen] - normaliser, tokens, values);
    }

    /// <summary>Minimum length, bias and penalties.</summary>
    private void Adjust(Span<float> logits, SamplingState state)
    {
        var parameters = state.Parameters;
        if (state.OutputCount < parameters.MinTokens && state.Constraint?.IsComplete != true)
        {
            foreach (var token in _endTokens)
            {
                logits[token] = float.NegativeInfinity;
            }
        }

        foreach (var (token, bias) in parameters.LogitBias)
        {
            logits[token] += bias;
        }

        if (state.Occurrences is { } occurrences)
        {
            foreach (var (token, count) in occurrences)
            {
                ref var logit = ref logits[token];
                logit = logit > 0 ? logit / parameters.RepetitionPenalty : logit * parameters.RepetitionPenalty;
                logit -= (count * parameters.FrequencyPenalty) + (count > 0 ? parameters.PresencePenalty : 0);
            }
        }
    }

    /// <summary>Makes logits probabilities relative to the likeliest token, whose own is 1.</summary>
    private static void Weigh(Span<float> logits, float temperature)
    {
        TensorPrimitives.Subtract(logits, TensorPrimitives.Max<float>(logits), logits);
        TensorPrimitives.Multiply(logits, 1 / temperature, logits);
        TensorPrimitives.Exp(logits, logits);
    }

    /// <summary>min_p, top_k, top_p and the draw. The likeliest token always survives.</summary>
    private int Pick(ReadOnlySpan<float> logits, SamplingParameters parameters, double uniform)
    {
        var best = TensorPrimitives.IndexOfMax(logits);
        var all = parameters.TopK <= 0 || parameters.TopK >= logits.Length;
        if (all && parameters.TopP >= 1 && parameters.MinP <= 0)
        {
            return DrawFromAll(logits, uniform, best);
        }

        // Tokens under the floor together weigh less than what top_p cuts off, so none of them is kept.
        var floor = all ? (1 - parameters.TopP) * TensorPrimitives.Sum<float>(logits) / logits.Length : 0;
        var kept = Collect(logits, Math.Max(floor, parameters.MinP));
        kept = all ? kept : Math.Min(kept, parameters.TopK);
        var sum = 0.0;
        for (var i = 0; i < kept; i++)
        {
            sum += logits[Token(_order[i])];
        }

        // With top_k or min_p the nucleus is taken of what they left.
        var total = all && parameters.MinP <= 0 ? TensorPrimitives.Sum<float>(logits) : sum;
        var wanted = parameters.TopP >= 1 ? sum : parameters.TopP * total;
        var nucleus = 0.0;
        var count = 0;
        while (count < kept && (count == 0 || nucleus < wanted))
        {
            nucleus += logits[Token(_order[count++])];
        }

        var left = uniform * nucleus;
        for (var i = 0; i < count; i++)
        {
            left -= logits[Token(_order[i])];
            if (left < 0)
            {
                return Token(_order[i]);
            }
        }

        return best;
    }

    private static int DrawFromAll(ReadOnlySpan<float> weights, double uniform, int best)
    {
        var left = uniform * TensorPrimitives.Sum(weights);
        for (var token = 0; token < weights.Length; token++)
        {
            left -= weights[token];
            if (left < 0)
            {
                return token;
            }
        }

        // Rounding may leave a little over: then the likeliest is as good as any.
        return best;
    }

    private static int Token(ulong key) => (int)(uint)key;

    /// <summary>Puts the tokens of at least <paramref name="floor"/> in order, the likeliest first, ties by id.</summary>
    private int Collect(ReadOnlySpan<float> weights, float floor)
    {
        var count = 0;
        for (var token = 0; token < weights.Length; token++)
        {
            if (weights[token] >= floor)
            {
                // Bits of non-negative floats are in the order of their values.
                _order[count++] = ((ulong)~BitConverter.SingleToUInt32Bits(weights[token]) << 32) | (uint)token;
            }
        }

        _order.AsSpan(0, count).Sort();
        return count;
    }
}
