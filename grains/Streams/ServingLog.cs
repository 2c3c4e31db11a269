using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Streams;

/// <summary>Log messages of the serving path.</summary>
internal static partial class ServingLog
{
    [LoggerMessage(1, LogLevel.Information, "Attempt {Attempt} at {Request} reached no device: {Reason}")]
    public static partial void TryFailed(ILogger logger, string request, int attempt, string reason);

    [LoggerMessage(2, LogLevel.Debug, "{Device} could not be told to cancel: {Reason}")]
    public static partial void CancelFailed(ILogger logger, string device, string reason);

    [LoggerMessage(3, LogLevel.Debug, "{Device} did not say whether it has {Count} sequences: {Reason}")]
    public static partial void LivenessUnknown(ILogger logger, string device, int count, string reason);

    [LoggerMessage(4, LogLevel.Information, "Silo {Silo} drains: {Sequences} sequences and {Streams} streams are in flight")]
    public static partial void Draining(ILogger logger, string silo, int sequences, int streams);

    [LoggerMessage(5, LogLevel.Warning, "Silo {Silo} stops with {Sequences} sequences and {Streams} streams in flight after {Seconds} s")]
    public static partial void DrainTimedOut(ILogger logger, string silo, int sequences, int streams, double seconds);
}
