namespace Crescent.Grains.Contracts.Chat;

/// <summary>The cluster cannot answer now: it is overloaded, stopping, or has lost the devices that were to answer.</summary>
[GenerateSerializer, Alias("Crescent.ChatRefusedException")]
public sealed class ChatRefusedException(string message, TimeSpan? retryAfter) : Exception(message)
{
    /// <summary>When to try again, where that makes sense.</summary>
    [Id(0)] public TimeSpan? RetryAfter { get; } = retryAfter;
}
