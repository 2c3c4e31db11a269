namespace Crescent.Client.Load.Prompts;

/// <summary>A stretch of a prompt. Parts with the same content begin alike, however long they are: prompts that begin with the same parts have that prefix in common.</summary>
/// <param name="Content">What stands there.</param>
/// <param name="Tokens">How much of it.</param>
internal readonly record struct PromptPart(ulong Content, int Tokens);
