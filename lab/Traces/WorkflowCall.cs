namespace Crescent.Lab.Traces;

/// <summary>A call of a workflow.</summary>
/// <param name="Session">The agent, or user, whose call it is.</param>
/// <param name="After">Places in the workflow of the calls whose answers it waits for, each before its own; empty for one that begins with the workflow.</param>
/// <param name="Pause">From the last of those answers, or the beginning of the workflow, to this call; s.</param>
/// <param name="PromptTokens">Tokens of its whole prompt; 1 and up.</param>
/// <param name="OutputTokens">Tokens of its answer; 1 and up.</param>
/// <param name="Prompt">What its prompt consists of, or what it adds to that of <paramref name="Continues"/>.</param>
/// <param name="Continues">Place of the call whose prompt and answer its prompt begins with; null for none.</param>
public sealed record WorkflowCall(
    string Session, int[] After, double Pause, int PromptTokens, int OutputTokens, PromptStretch[] Prompt, int? Continues = null);
