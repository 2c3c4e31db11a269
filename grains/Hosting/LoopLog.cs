using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Hosting;

/// <summary>Log messages of background loops.</summary>
internal static partial class LoopLog
{
    [LoggerMessage(1, LogLevel.Error, "The loop '{Loop}' has failed {Times} times in a row; it goes on.")]
    public static partial void Failed(ILogger logger, Exception exception, string loop, long times);

    [LoggerMessage(2, LogLevel.Information, "The loop '{Loop}' works again after {Times} failures.")]
    public static partial void Recovered(ILogger logger, string loop, long times);
}
