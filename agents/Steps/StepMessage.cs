namespace Crescent.Agents.Steps;

/// <summary>A message of a prompt, in the roles of chat models.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Content">Its text; data, in which nothing is a control token.</param>
/// <param name="Calls">The tools that an assistant's message calls; null for none.</param>
/// <param name="CallId">The call that a tool's message answers; null for the others.</param>
public sealed record StepMessage(string Role, string Content, IReadOnlyList<AskedTool>? Calls = null, string? CallId = null)
{
    /// <summary>What somebody asks.</summary>
    public static StepMessage User(string content) => new("user", content);

    /// <summary>How the model is to behave.</summary>
    public static StepMessage System(string content) => new("system", content);
}
