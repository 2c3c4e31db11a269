namespace Crescent.Engine.Scheduling;

/// <summary>A request that ends before it has become a sequence.</summary>
/// <param name="Request">It.</param>
/// <param name="SubmittedAt">Timestamp of the engine's clock.</param>
/// <param name="Reason">How it ends.</param>
/// <param name="Message">Why, where there is more to say.</param>
/// <param name="Fault">The exception that ended it, if one did: then it stands for the message.</param>
internal sealed record EndedRequest(InferenceRequest Request, long SubmittedAt, FinishReason Reason, string? Message, Exception? Fault = null);
