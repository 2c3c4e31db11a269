namespace Crescent.Grains.Contracts.Chat;

/// <summary>Chats with the cluster's models over Orleans: the way in of the console where the cluster runs on the same machine, and of .NET programs within the cluster's network.</summary>
[Alias("Crescent.IChatGrain")]
public interface IChatGrain : IGrainWithGuidKey
{
    /// <summary>Streams an answer. A bad request fails with <see cref="ArgumentException"/> naming the field.</summary>
    [Alias("Complete")]
    IAsyncEnumerable<ChatChunk> Complete(ChatCall call, CancellationToken cancellationToken = default);

    /// <summary>Embeddings of texts. A bad request fails with <see cref="ArgumentException"/> naming the field.</summary>
    [Alias("Embed")]
    Task<EmbeddingReply> Embed(EmbeddingCall call, CancellationToken cancellationToken = default);
}
