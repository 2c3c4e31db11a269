using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Sessions;

/// <summary>Log messages of sessions.</summary>
internal static partial class SessionLog
{
    [LoggerMessage(1, LogLevel.Debug, "Session {Session} did not say where its last turn was: {Reason}")]
    public static partial void FindFailed(ILogger logger, string session, string reason);

    [LoggerMessage(2, LogLevel.Debug, "Session {Session} could not be told of a turn on {Device}: {Reason}")]
    public static partial void RememberFailed(ILogger logger, string session, string device, string reason);

    [LoggerMessage(3, LogLevel.Debug, "Session {Session} could not be asked to leave {Device}: {Reason}")]
    public static partial void LeaveFailed(ILogger logger, string session, string device, string reason);
}
