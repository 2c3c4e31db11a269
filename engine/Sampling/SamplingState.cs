using Crescent.Engine.Sampling.Grammars;

namespace Crescent.Engine.Sampling;

/// <summary>What sampling remembers of one sequence from token to token.</summary>
public sealed class SamplingState
{
    private readonly int[] _biasTokens;
    private readonly float[] _biases;

    /// <summary>The state before the next token of a prompt.</summary>
    /// <param name="parameters">How tokens are drawn.</param>
    /// <param name="prompt">Prompt tokens.</param>
    /// <param name="resumed">Trailing prompt tokens that are output of an earlier attempt.</param>
    /// <param name="grammar">Compiled from the parameters' structure, if they have one.</param>
    /// <param name="maxTokens">Tokens that may come: a structure is brought to its end within them.</param>
    public SamplingState(SamplingParameters parameters, ReadOnlySpan<int> prompt, int resumed, Grammar? grammar = null, int maxTokens = int.MaxValue)
    {
        Parameters = parameters;
        Constraint = grammar is null ? null : new OutputConstraint(grammar, parameters.Structure?.Trigger, parameters.Structure?.Once ?? false);
        _biasTokens = [.. parameters.LogitBias.Keys];
        _biases = [.. parameters.LogitBias.Values];
        if (parameters.HasPenalties)
        {
            Counts = new TokenCounts();
            foreach (var token in prompt[..^resumed])
            {
                Counts.Add(token, 0);
            }
        }

        foreach (var token in prompt[^resumed..])
        {
            Observe(token);
        }

        TokensLeft = maxTokens;
        Constraint?.TokensLeft = maxTokens;
    }

    /// <summary>How tokens are drawn.</summary>
    public SamplingParameters Parameters { get; }

    /// <summary>How tokens are guessed: likewise, but nobody is told of their likelihood.</summary>
    internal SamplingParameters GuessParameters => field ??= Parameters.TopLogprobs is null ? Parameters : Parameters with { TopLogprobs = null };

    /// <summary>Output tokens so far, those of earlier attempts included.</summary>
    public int OutputCount { get; private set; }

    /// <summary>Output tokens that may still come.</summary>
    public int TokensLeft { get; private set; }

    /// <summary>Holds the output to its structure; null for free text.</summary>
    internal OutputConstraint? Constraint { get; }

    /// <summary>Whether an end token has closed the structure that the output has to have, so that there is no next token.</summary>
    public bool IsEnded => Constraint?.IsEnded == true;

    /// <summary>Tokens whose logits are moved by <see cref="Biases"/>.</summary>
    internal ReadOnlySpan<int> BiasTokens => _biasTokens;

    /// <summary>What is added to the logits of <see cref="BiasTokens"/>.</summary>
    internal ReadOnlySpan<float> Biases => _biases;

    /// <summary>Tokens of prompt and output with their times in the output; null when no penalty asks for them.</summary>
    internal TokenCounts? Counts { get; }

    /// <summary>Takes note of an output token.</summary>
    public void Observe(int token)
    {
        OutputCount++;
        TokensLeft--;
        Constraint?.TokensLeft = TokensLeft;
        Constraint?.Observe(token);
        Counts?.Add(token, 1);
    }
}
