namespace Crescent.Agents.Steps;

/// <summary>A call of a tool.</summary>
/// <param name="Id">Names it within its task.</param>
/// <param name="Call">What is called.</param>
public sealed record ToolStep(string Id, AskedTool Call) : Step(Id, Call.Name);
