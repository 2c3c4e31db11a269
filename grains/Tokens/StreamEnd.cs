using Crescent.Engine.Scheduling;

namespace Crescent.Grains.Tokens;

/// <summary>How a stream ended.</summary>
/// <param name="Reason">Stop or Length.</param>
/// <param name="Usage">What the last attempt took.</param>
internal sealed record StreamEnd(FinishReason Reason, SequenceUsage Usage);
