namespace Crescent.Lab.Traces;

/// <summary>A call of a session.</summary>
/// <param name="Pause">From the end of the call before it, and of <paramref name="Agents"/>, to this one: a tool works, or a user reads and writes; s.</param>
/// <param name="PromptTokens">Tokens of its prompt; 1 and up.</param>
/// <param name="OutputTokens">Tokens of its answer; 1 and up.</param>
/// <param name="Blocks">What its prompt consists of, an id for each <see cref="SessionTrace.BlockTokens"/> tokens.</param>
/// <param name="EndsTask">Whether the agent gives the word back to its user with it: what began after the last such call is done.</param>
/// <param name="Agents">Sub-agents that work, side by side, between the call before it and its pause.</param>
public sealed record SessionTurn(double Pause, int PromptTokens, int OutputTokens, int[] Blocks, bool EndsTask, IReadOnlyList<Session> Agents);
