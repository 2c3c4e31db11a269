namespace Crescent.Engine.Sampling;

/// <summary>The model's own logprobs (natural logarithm) at one position.</summary>
/// <param name="Chosen">Of the token that was drawn.</param>
/// <param name="TopTokens">The likeliest tokens, the likeliest first.</param>
/// <param name="TopLogprobs">Theirs.</param>
public sealed record TokenLogprobs(float Chosen, IReadOnlyList<int> TopTokens, IReadOnlyList<float> TopLogprobs);
