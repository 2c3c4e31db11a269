using System.Text.Json.Serialization;

namespace Crescent.Engine.Sampling;

/// <summary>How the next token is drawn from a row of logits. The steps are taken in the order of the properties.</summary>
public sealed record SamplingParameters
{
    /// <summary>Most alternatives whose logprobs can be asked for.</summary>
    public const int MaxTopLogprobs = 20;

    /// <summary>Always the likeliest token.</summary>
    public static readonly SamplingParameters Greedy = new();

    /// <summary>
    /// Alternatives to report beside the chosen token with their logprobs, which are the model's own, before any of the following
    /// steps; 0 to <see cref="MaxTopLogprobs"/>, null for no logprobs at all.
    /// </summary>
    public int? TopLogprobs { get; init; }

    /// <summary>
    /// Tokens that the output begins with, whatever the model would draw, for the sake of their logprobs: how likely it finds a text. End tokens
    /// among them end nothing. They cannot be given beside <see cref="Structure"/>.
    /// </summary>
    public IReadOnlyList<int> Given { get; init; } = [];

    /// <summary>What the output has to look like, or null for free text.</summary>
    public OutputStructure? Structure { get; init; }

    /// <summary>No end of generation before this many output tokens.</summary>
    public int MinTokens { get; init; }

    /// <summary>Added to the logits of these tokens; -100 to 100.</summary>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>
    /// Divides the positive logits and multiplies the negative ones of tokens in prompt and output; 1 is none, above 0
    /// (Keskar et al., CTRL, arXiv 1909.05858).
    /// </summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from the logit of a token for each time it stands in the output; -2 to 2.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted from the logit of every token that stands in the output; -2 to 2.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Divides the logits: 0 is greedy, 1 the model's own distribution; 0 to 2.</summary>
    public float Temperature { get; init; }

    /// <summary>Drops tokens less likely than this share of the likeliest; 0 is none, at most 1.</summary>
    public float MinP { get; init; }

    /// <summary>Keeps this many of the likeliest tokens; 0 keeps all.</summary>
    public int TopK { get; init; }

    /// <summary>Keeps the likeliest tokens whose probabilities reach this sum; above 0, at most 1.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Seed of the counter-based randomness: the same seed gives the same tokens, whatever else runs in the batch.</summary>
    public ulong Seed { get; init; }

    /// <summary>True when logits are changed by what came before.</summary>
    [JsonIgnore]
    public bool HasPenalties => RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0;
}
