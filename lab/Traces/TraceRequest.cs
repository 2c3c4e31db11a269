namespace Crescent.Lab.Traces;

/// <summary>A request of a trace.</summary>
/// <param name="Seconds">When it arrives, from the beginning of the trace.</param>
/// <param name="PromptTokens">Tokens of its prompt; 1 and up.</param>
/// <param name="OutputTokens">Tokens of its answer; 1 and up.</param>
/// <param name="Blocks">What its prompt consists of, an id for each <see cref="Trace.BlockTokens"/> tokens; null where the trace does not tell.</param>
/// <param name="Task">What it is a part of, where the trace tells: siblings have the same.</param>
public readonly record struct TraceRequest(double Seconds, int PromptTokens, int OutputTokens, int[]? Blocks = null, int? Task = null);
