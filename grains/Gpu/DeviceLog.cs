using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gpu;

/// <summary>What is logged about devices.</summary>
internal static partial class DeviceLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Device {Device} goes back to the model that it had: {Reason}")]
    public static partial void NotLoaded(ILogger logger, string device, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No power governor was heard for {Seconds:0} s: {Devices} devices fall back to their lowest caps.")]
    public static partial void Forsaken(ILogger logger, double seconds, int devices);

    [LoggerMessage(Level = LogLevel.Error, Message = "Device {Device} is quarantined: {Fault}. It is tried again in {Pause:0.#} s.")]
    public static partial void Quarantined(ILogger logger, string device, string fault, double pause);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Device {Device} serves again.")]
    public static partial void BackAgain(ILogger logger, string device);

    [LoggerMessage(Level = LogLevel.Error, Message = "Device {Device} has not ended within {Seconds:0} s: a step of it hangs, or a front end does not answer. It is not opened again before it has.")]
    public static partial void DoesNotEnd(ILogger logger, string device, double seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "Device {Device} was not closed as it should be: {Message}")]
    public static partial void NotClosed(ILogger logger, DeviceKey device, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The silo ends before {Devices} has: the models stay mapped until the process ends.")]
    public static partial void Kept(ILogger logger, string devices);

    [LoggerMessage(Level = LogLevel.Information, Message = "The grain of device {Device} did not do what it was asked: {Message}")]
    public static partial void NotDone(ILogger logger, DeviceKey device, string message);
}
