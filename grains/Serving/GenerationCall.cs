using Crescent.Engine.Sampling;
using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Serving;

/// <summary>One sequence to generate somewhere in the cluster; the prompt is already rendered and tokenised.</summary>
public sealed record GenerationCall
{
    /// <summary>For logs and look-ups, such as <c>chatcmpl-…</c>.</summary>
    public required string RequestId { get; init; }

    /// <summary>Prompt tokens, at least one.</summary>
    public required int[] Prompt { get; init; }

    /// <summary>Most tokens to generate; 0 where the prompt's embedding is wanted.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Wants the embedding of the prompt (<see cref="InferenceRequest.WantsEmbedding"/>) instead of tokens: one chunk, the last.</summary>
    public bool WantsEmbedding { get; init; }

    public SamplingParameters Sampling { get; init; } = SamplingParameters.Greedy;

    /// <summary>Strings that end the output.</summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the output like the model's own end tokens.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Go on past the model's end tokens until <see cref="MaxTokens"/>.</summary>
    public bool IgnoreEndOfGeneration { get; init; }

    public RequestPriority Priority { get; init; } = RequestPriority.Standard;

    /// <summary>Whose call it is; tenants share a device fairly.</summary>
    public string Tenant { get; init; } = "";

    /// <summary>The agent task that the call is a step of; empty for none.</summary>
    public string Task { get; init; } = "";

    /// <summary>The tenant's conversation that it is a turn of, or null; its turns extend each other, so they go where the last one was if that is not dear.</summary>
    public string? Session { get; init; }

    /// <summary>Keeps the call's cached blocks apart from those with another salt.</summary>
    public string? CacheSalt { get; init; }

    /// <summary>Time after which nobody wants the answer any more.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Tokens to guess ahead; 0 for none.</summary>
    public int SpeculativeTokens { get; init; }

    /// <summary>
    /// Calls with the same prompt, such as the choices of one request: the first is computed, the others fork off it on its device.
    /// </summary>
    public SiblingGroup? Siblings { get; init; }
}
