namespace Crescent.Lab.Traces;

/// <summary>A stretch of a prompt.</summary>
/// <param name="Block">What stands there: the same in all prompts of a trace, as far as stretches of it go.</param>
/// <param name="Tokens">Its tokens; 1 and up.</param>
public readonly record struct PromptStretch(int Block, int Tokens);
