namespace Crescent.Engine.Model.Text;

/// <summary>A text has more tokens than it may have; how many was not counted.</summary>
/// <param name="leastTokens">Tokens that it has at least.</param>
public sealed class PromptTooLongException(int leastTokens) : Exception($"The text has {leastTokens} tokens at least.")
{
    /// <summary>Tokens that it has at least.</summary>
    public int LeastTokens { get; } = leastTokens;
}
