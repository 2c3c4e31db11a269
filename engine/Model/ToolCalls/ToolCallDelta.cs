namespace Crescent.Engine.Model.ToolCalls;

/// <summary>A piece of a tool call, as OpenAI's stream has it.</summary>
/// <param name="Index">Number of the call in the answer, from 0.</param>
/// <param name="Id">The call's id, in its first piece only.</param>
/// <param name="Name">The tool's name, in its first piece only.</param>
/// <param name="Arguments">The next characters of the arguments' JSON, as the model wrote it; may be empty in the first piece.</param>
public readonly record struct ToolCallDelta(int Index, string? Id, string? Name, string Arguments);
