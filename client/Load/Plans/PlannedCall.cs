using Crescent.Client.Load.Prompts;

namespace Crescent.Client.Load.Plans;

/// <summary>One call as it is planned.</summary>
/// <param name="Number">Counts the calls of a run from 0, in the order in which they are planned.</param>
/// <param name="Prompt">At least one part.</param>
/// <param name="OutputTokens">The answer may have this many.</param>
/// <param name="PauseSeconds">From the end of the call before it in its script, and of <paramref name="Agents"/>.</param>
/// <param name="CancelSeconds">Given up after this long; null for never.</param>
/// <param name="Agents">Scripts that run side by side before its pause.</param>
internal sealed record PlannedCall(
    long Number, PromptPart[] Prompt, int OutputTokens, double PauseSeconds = 0, double? CancelSeconds = null, IReadOnlyList<Script>? Agents = null)
{
    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens => Prompt.Sum(static part => part.Tokens);
}
