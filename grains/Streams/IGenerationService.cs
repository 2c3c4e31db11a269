using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Chat;

namespace Crescent.Grains.Streams;

/// <summary>
/// Generates text somewhere in the cluster: places the call, follows its stream and releases what it reserved. One per silo; the
/// HTTP front end and the chat grain use it alike.
/// </summary>
public interface IGenerationService
{
    /// <summary>Positions (prompt and output) that the largest device with <paramref name="model"/> can give one sequence; 0 while no device is known.</summary>
    int MaxPositions(string? model) => 0;

    /// <summary>
    /// Streams a generation, or an embedding in one chunk, to its end. Cancelling, or leaving the enumeration early, stops it on its device within one step.
    /// </summary>
    /// <exception cref="Crescent.Engine.Scheduling.RequestRefusedException">No device can take it now, or ever.</exception>
    /// <exception cref="GenerationFailedException">Its devices failed it again and again.</exception>
    /// <exception cref="DeadlineExceededException">The call's own deadline passed before its first token, or its embedding.</exception>
    /// <exception cref="TimeoutException">A hop missed its deadline.</exception>
    IAsyncEnumerable<GenerationChunk> Generate(InferenceRequest call, CancellationToken cancellationToken = default);

    /// <summary>
    /// The same, where the tenant is charged elsewhere: <paramref name="charge"/> is told what the call took instead. The last
    /// <see cref="InferenceRequest.ResumedTokens"/> of the prompt of such a call are output that there is already: it goes on behind them, and they count as its
    /// own in its usage and not in its <see cref="InferenceRequest.MaxTokens"/>.
    /// </summary>
    IAsyncEnumerable<GenerationChunk> Generate(InferenceRequest call, Action<ChatUsage>? charge, CancellationToken cancellationToken) => Generate(call, cancellationToken);
}
