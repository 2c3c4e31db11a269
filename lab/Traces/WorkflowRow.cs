namespace Crescent.Lab.Traces;

/// <summary>A line of Mooncake's with a session, or a name. Times are seconds.</summary>
/// <param name="Line">Its number in the file.</param>
/// <param name="Request">Its name; null for a turn of a session.</param>
/// <param name="Session">Whose it is.</param>
/// <param name="At">When it begins; null where that is not told.</param>
/// <param name="Delay">How long after what it waits for.</param>
/// <param name="ToolWait">How much longer tools take.</param>
/// <param name="WaitFor">Names of those that it waits for.</param>
/// <param name="PromptTokens">Tokens of the prompt, or of what is added to it.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
/// <param name="Prompt">The prompt as far as it is told.</param>
internal sealed record WorkflowRow(
    int Line, string? Request, string Session, double? At, double? Delay, double ToolWait, string[] WaitFor, int PromptTokens, int OutputTokens, PromptStretch[] Prompt);
