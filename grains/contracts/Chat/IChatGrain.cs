namespace Crescent.Grains.Contracts.Chat;

/// <summary>Chats with the cluster's model over Orleans; the console's way in where the cluster runs on the same machine.</summary>
[Alias("Crescent.IChatGrain")]
public interface IChatGrain : IGrainWithGuidKey
{
    /// <summary>Streams an answer. A bad request fails with <see cref="ArgumentException"/> naming the field.</summary>
    [Alias("Complete")]
    IAsyncEnumerable<ChatChunk> Complete(ChatCall call, CancellationToken cancellationToken = default);
}
