using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Power;

/// <summary>What is logged about power.</summary>
internal static partial class PowerLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The power governor looks after {Devices} devices from {Silo}, caps by {Controller}.")]
    public static partial void Governs(ILogger logger, int devices, string silo, string controller);

    [LoggerMessage(Level = LogLevel.Information, Message = "Power: {What} at {Level}, which draws {Watts:0} W of {Budget:0} W.")]
    public static partial void Did(ILogger logger, string what, string level, double watts, double budget);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Device} did not take a cap of {Watts:0} W: {Reason}")]
    public static partial void NotTaken(ILogger logger, string device, double watts, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A silo could not be told of new power budgets at once: {Reason}")]
    public static partial void NotTold(ILogger logger, string reason);
}
