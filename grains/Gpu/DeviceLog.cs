using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gpu;

/// <summary>What is logged about devices.</summary>
internal static partial class DeviceLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "No power governor was heard for {Seconds:0} s: {Devices} devices fall back to their lowest caps.")]
    public static partial void Forsaken(ILogger logger, double seconds, int devices);
}
