using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Kv;

/// <summary>Log messages of the KV index.</summary>
internal static partial class KvLog
{
    [LoggerMessage(1, LogLevel.Information, "Cache events of {Device} after {LastId} are missing; fetching what it holds")]
    public static partial void Gap(ILogger logger, string device, long lastId);

    [LoggerMessage(2, LogLevel.Information, "{Device} holds {Blocks} blocks; its cache events are complete again")]
    public static partial void Repaired(ILogger logger, string device, int blocks);

    [LoggerMessage(3, LogLevel.Warning, "What {Device} holds could not be fetched: {Reason}")]
    public static partial void RepairFailed(ILogger logger, string device, string reason);

    [LoggerMessage(4, LogLevel.Debug, "Cache events of {Device} did not reach {Silo}: {Reason}")]
    public static partial void SendFailed(ILogger logger, string device, SiloAddress silo, string reason);
}
