using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Kept;

/// <summary>Log messages of answers that are kept.</summary>
internal static partial class KeptLog
{
    [LoggerMessage(1, LogLevel.Information, "{Request}, which is kept here, has failed: {Reason}")]
    public static partial void Failed(ILogger logger, string request, string reason);

    [LoggerMessage(2, LogLevel.Information, "{Request}, which is kept here, was read by nobody for {Seconds} s and is given up")]
    public static partial void Left(ILogger logger, string request, double seconds);

    [LoggerMessage(3, LogLevel.Information, "{Silo}, which keeps {Request}, cannot be reached: {Reason}")]
    public static partial void KeeperLost(ILogger logger, string silo, string request, string reason);

    [LoggerMessage(4, LogLevel.Information, "{Request} goes on at {Silo} behind {Bytes} bytes of records")]
    public static partial void WentOn(ILogger logger, string request, string silo, int bytes);

    [LoggerMessage(5, LogLevel.Debug, "{Silo} could not be asked for what it keeps: {Reason}")]
    public static partial void AskFailed(ILogger logger, string silo, string reason);
}
