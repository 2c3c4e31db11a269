using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Frames;

/// <summary>Log messages of the token path.</summary>
internal static partial class TokenLog
{
    [LoggerMessage(1, LogLevel.Warning, "{Device} gives up its link to front end {Front} and cancels its sequences: {Reason}")]
    public static partial void LinkBroken(ILogger logger, string device, SiloAddress front, string reason);

    [LoggerMessage(2, LogLevel.Warning, "Stream {Stream} lost attempt {Attempt} on {Device} after {Tokens} tokens: {Reason}")]
    public static partial void AttemptLost(ILogger logger, string stream, int attempt, string device, int tokens, string reason);

    [LoggerMessage(3, LogLevel.Information, "Stream {Stream} moves with attempt {Attempt} off {Device} after {Tokens} tokens: {Reason}")]
    public static partial void AttemptMoved(ILogger logger, string stream, int attempt, string device, int tokens, string reason);
}
