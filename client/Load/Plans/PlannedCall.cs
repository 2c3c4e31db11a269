using Crescent.Client.Load.Prompts;

namespace Crescent.Client.Load.Plans;

/// <summary>One call as it is planned.</summary>
/// <param name="Number">Counts the calls of a run from 0, in the order in which they are planned.</param>
/// <param name="Prompt">At least one part.</param>
/// <param name="OutputTokens">The answer may have this many.</param>
/// <param name="PauseSeconds">From the end of the calls that it waits for, and of <paramref name="Agents"/>.</param>
/// <param name="CancelSeconds">Given up after this long; null for never.</param>
/// <param name="Agents">Scripts that run side by side before its pause.</param>
internal sealed record PlannedCall(
    long Number, PromptPart[] Prompt, int OutputTokens, double PauseSeconds = 0, double? CancelSeconds = null, IReadOnlyList<Script>? Agents = null)
{
    /// <summary>Places in its script of the calls that it waits for, each before its own; null for the one before it.</summary>
    public IReadOnlyList<int>? After { get; init; }

    /// <summary>What of its prompt is which message, where a chat has messages; null for one of the user.</summary>
    public PromptMessage[]? Messages { get; init; }

    /// <summary>Its session, where a script has several; null for the script's own name.</summary>
    public string? Program { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens => Prompt.Sum(static part => part.Tokens);
}
