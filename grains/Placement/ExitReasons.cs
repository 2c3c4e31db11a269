using System.Globalization;
using Crescent.Control.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>Why a stream leaves its device.</summary>
internal static class ExitReasons
{
    /// <summary>Whether it has to, whatever it saves.</summary>
    public static bool Compel(DeviceReport report, bool isSilent) => isSilent || report.Draining;

    /// <summary>In words.</summary>
    /// <param name="report">Of the device.</param>
    /// <param name="device">The device.</param>
    /// <param name="isSilent">Whether nothing has been heard of it for too long.</param>
    /// <param name="saved">Points that the stream saves.</param>
    public static string Say(DeviceReport report, string device, bool isSilent, double saved) => isSilent ? $"nothing is heard of {device}"
        : report.Draining ? $"{device} is drained {report.DrainedBy}"
        : string.Create(CultureInfo.InvariantCulture, $"it waits at {device}, and another device saves {saved:0.0} points");

    /// <summary>
    /// The worst gate behind which a stream fares no worse than on its device. An operator wants the device empty even where the others would run slower for
    /// want of power; to leave one that lacks power for another that does is no gain. A sick or silent one gives nothing at all.
    /// </summary>
    public static PlacementGate WorstGate(DeviceReport report, bool isSilent) => isSilent || report.IsQuarantined ? PlacementGate.Crowded
        : report.OutOfService || report.Loading is not null ? PlacementGate.PowerShort
        : PlacementGate.Open;
}
