namespace Crescent.Engine.Sampling;

/// <summary>How the next token is drawn from a row of logits.</summary>
public sealed record SamplingParameters
{
    /// <summary>Always the likeliest token.</summary>
    public static readonly SamplingParameters Greedy = new();

    /// <summary>Divides the logits: 0 is greedy, 1 the model's own distribution; 0 to 2.</summary>
    public float Temperature { get; init; }

    /// <summary>Keeps the likeliest tokens whose probabilities reach this sum; above 0, at most 1.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Seed of the counter-based randomness: the same seed gives the same tokens, whatever else runs in the batch.</summary>
    public ulong Seed { get; init; }
}
