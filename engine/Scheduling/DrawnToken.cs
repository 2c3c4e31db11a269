using Crescent.Engine.Sampling;

namespace Crescent.Engine.Scheduling;

/// <summary>A token that a step gave for a sequence.</summary>
/// <param name="Sequence">Whose.</param>
/// <param name="Row">The row of the step's result that it was drawn from.</param>
/// <param name="Accepted">How many of the sequence's guesses came true before it.</param>
/// <param name="Token">The token, or why there is none: <see cref="SamplingRow.NoToken"/>, <see cref="SamplingRow.NotFinite"/>, <see cref="SamplingRow.Failed"/>.</param>
/// <param name="Logprobs">When the request asks for them.</param>
/// <param name="Fault">What drawing it threw, where it did.</param>
internal readonly record struct DrawnToken(Sequence Sequence, int Row, int Accepted, int Token, TokenLogprobs? Logprobs, Exception? Fault = null);
