namespace Crescent.Engine.Model.ToolCalls;

/// <summary>A piece of an answer: content, or a piece of a tool call.</summary>
/// <param name="Content">Text for the user; null for a call.</param>
/// <param name="Call">The piece of a call; null for content.</param>
public readonly record struct AnswerDelta(string? Content, ToolCallDelta? Call);
