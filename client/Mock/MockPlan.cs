namespace Crescent.Client.Mock;

/// <summary>An answer as a mock server is about to give it.</summary>
/// <param name="Number">Of its request.</param>
/// <param name="Tokens">Tokens it has.</param>
/// <param name="Thoughts">The first so many are thoughts.</param>
/// <param name="IsCapped">Whether the request's limit ends it.</param>
/// <param name="CutAt">The stream breaks off once so many tokens are sent; <see cref="int.MaxValue"/> for never.</param>
/// <param name="StallAt">It pauses after this token; <see cref="int.MaxValue"/> for never.</param>
/// <param name="Due">When the first token is sent, in ticks.</param>
/// <param name="Received">When the request was there, in ticks.</param>
/// <param name="Request">What is asked.</param>
internal readonly record struct MockPlan(
    long Number, int Tokens, int Thoughts, bool IsCapped, int CutAt, int StallAt, long Due, long Received, MockRequest Request);
