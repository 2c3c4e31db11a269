using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Frames;

/// <summary>How a stream ended.</summary>
/// <param name="Reason">Stop, Length, Deadline or Refused.</param>
/// <param name="Usage">What the last attempt took.</param>
/// <param name="Error">With Deadline and Refused.</param>
/// <param name="Embedding">(hidden size), where the call wants it.</param>
internal sealed record StreamEnd(FinishReason Reason, SequenceUsage Usage, string? Error, float[]? Embedding = null);
