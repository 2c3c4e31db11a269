namespace Crescent.Engine.Model.ToolCalls;

/// <summary>A piece of an answer: content, a piece of a tool call, or a piece of what the model thinks.</summary>
/// <param name="Content">Text for the user; null for anything else.</param>
/// <param name="Call">The piece of a call; null for anything else.</param>
/// <param name="Thought">What the model thinks; null for anything else.</param>
public readonly record struct AnswerDelta(string? Content, ToolCallDelta? Call, string? Thought = null);
