using System.Collections.Frozen;
using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>One sequence to generate, as an engine takes it.</summary>
public sealed record InferenceRequest
{
    /// <summary>Unique within the engine; chosen by the caller, who cancels by it.</summary>
    public required long Id { get; init; }

    /// <summary>Prompt tokens, at least one.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>
    /// How many of the last prompt tokens are output of an earlier attempt at this sequence, whose device died: 0 to the prompt's
    /// length less one. They count as output for penalties, minimum length, stop strings and structure, and are not put out again.
    /// Offsets of the outputs and <see cref="MaxTokens"/> still count from 0. Draws depend on the position in prompt and output
    /// together, so they go on as if nothing had happened.
    /// </summary>
    public int ResumedTokens { get; init; }

    /// <summary>
    /// Most tokens to generate, at least 1; 0 for a request that wants its embedding. An output with a structure is brought to its end
    /// within them, if they are more than the bytes of the shortest text that the structure allows.
    /// </summary>
    public required int MaxTokens { get; init; }

    /// <summary>
    /// Wants the embedding of the prompt instead of tokens: the mean of the hidden states of all its tokens, after the final norm,
    /// scaled to length 1. Nothing of it is taken from the prefix cache or left there: a cached token has no hidden state.
    /// </summary>
    public bool WantsEmbedding { get; init; }

    /// <summary>How tokens are drawn.</summary>
    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>Strings that end the output; neither they nor a part of them is put out.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the output like the model's own end tokens.</summary>
    public IReadOnlySet<int> StopTokens { get; init; } = FrozenSet<int>.Empty;

    /// <summary>Go on past end tokens until <see cref="MaxTokens"/>.</summary>
    public bool IgnoreEndOfGeneration { get; init; }

    /// <summary>How long it may be kept waiting for others.</summary>
    public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>Whose it is; tenants of a class share fairly.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>Separates this request's cached blocks from those with another salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>
    /// Another request of the same engine with whose tokens the prompt begins: its blocks are shared instead of computed again, and
    /// only the block in which the two part is copied. Ignored when that request is gone.
    /// </summary>
    public long? ForkOf { get; init; }

    /// <summary>Time from submission after which nobody wants the answer any more; null for no limit.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Tokens to guess ahead by n-gram look-up in the sequence's own text; 0 for none, at most 16.</summary>
    public int SpeculativeTokens { get; init; }

    /// <summary>Where the sink sends the outputs; the engine only carries it.</summary>
    public object? Link { get; init; }
}
