namespace Crescent.Agents.Steps;

/// <summary>A call of a tool, as a model wrote it.</summary>
/// <param name="Id">Names it within its answer; the tool's result goes by it.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">A JSON object.</param>
public sealed record AskedTool(string Id, string Name, string Arguments);
