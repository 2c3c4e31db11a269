namespace Crescent.Engine.Scheduling;

/// <summary>Why an engine did not take a request.</summary>
public enum RefusalReason
{
    /// <summary>It can never fit: prompt and output exceed the context or the device's blocks.</summary>
    TooLong,

    /// <summary>The queue is full; try again after <see cref="RequestRefusedException.RetryAfter"/>.</summary>
    Overloaded,

    /// <summary>The request is malformed.</summary>
    Invalid,

    /// <summary>The engine is stopping or its device is draining.</summary>
    Stopping,

    /// <summary>Calls of its class wait for power; try again later.</summary>
    Deferred,

    /// <summary>There is no device that could take it now; try again later.</summary>
    Unavailable,
}

/// <summary>A request that the engine refused at submission; nothing of it is kept.</summary>
public sealed class RequestRefusedException(RefusalReason reason, string message, TimeSpan? retryAfter = null) : Exception(message)
{
    /// <summary>Why.</summary>
    public RefusalReason Reason { get; } = reason;

    /// <summary>When to try again, for <see cref="RefusalReason.Overloaded"/>, <see cref="RefusalReason.Stopping"/>, <see cref="RefusalReason.Deferred"/> and <see cref="RefusalReason.Unavailable"/>.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
