namespace Crescent.Client.Load.Prompts;

/// <summary>How many words make how many of the target's tokens.</summary>
/// <param name="TokensPerWord">In the mean of <see cref="PromptWords"/>.</param>
/// <param name="Overhead">Tokens that the target's template adds to each prompt.</param>
/// <param name="Source">How that is known: <c>tokenize</c>, <c>usage</c> or <c>given</c>.</param>
internal sealed record PromptScale(double TokensPerWord, double Overhead, string Source)
{
    /// <summary>Words that make <paramref name="tokens"/> tokens, at least one.</summary>
    public int Words(double tokens) => Math.Max(1, (int)Math.Round(tokens / TokensPerWord));
}
