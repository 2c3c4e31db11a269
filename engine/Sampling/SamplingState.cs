namespace Crescent.Engine.Sampling;

/// <summary>What sampling remembers of one sequence from token to token.</summary>
public sealed class SamplingState
{
    // Token -> times in the output; 0 for tokens of the prompt alone. Null when no penalty asks for it.
    private readonly Dictionary<int, int>? _occurrences;

    /// <summary>The state before the next token of a prompt.</summary>
    /// <param name="parameters">How tokens are drawn.</param>
    /// <param name="prompt">Prompt tokens.</param>
    /// <param name="resumed">Trailing prompt tokens that are output of an earlier attempt.</param>
    public SamplingState(SamplingParameters parameters, ReadOnlySpan<int> prompt, int resumed)
    {
        Parameters = parameters;
        if (parameters.HasPenalties)
        {
            _occurrences = [];
            foreach (var token in prompt[..^resumed])
            {
                _occurrences.TryAdd(token, 0);
            }
        }

        foreach (var token in prompt[^resumed..])
        {
            Observe(token);
        }
    }

    /// <summary>How tokens are drawn.</summary>
    public SamplingParameters Parameters { get; }

    /// <summary>Output tokens so far, those of earlier attempts included.</summary>
    public int OutputCount { get; private set; }

    /// <summary>Tokens of prompt and output with their times in the output; empty when no penalty asks for it.</summary>
    internal Dictionary<int, int>? Occurrences => _occurrences;

    /// <summary>Takes note of an output token.</summary>
    public void Observe(int token)
    {
        OutputCount++;
        if (_occurrences is not null)
        {
            _occurrences[token] = _occurrences.GetValueOrDefault(token) + 1;
        }
    }
}
