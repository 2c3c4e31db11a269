using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gossip;

/// <summary>Log messages of the gossip.</summary>
internal static partial class TelemetryLog
{
    [LoggerMessage(1, LogLevel.Warning, "Silo {Silo} speaks version {Theirs} and this one {Own}: its devices get no calls from here. Run all silos with versions that understand one another.")]
    public static partial void OtherVersion(ILogger logger, string silo, int theirs, int own);
}
