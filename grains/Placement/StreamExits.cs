using System.Globalization;
using Crescent.Control.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>When streams leave a device, and why. Reads and charges the ledger's book, so it runs under the ledger's lock.</summary>
internal static class StreamExits
{
    /// <summary>Charges a stream that should leave <paramref name="device"/> to another that may take it now.</summary>
    /// <param name="book">The ledger's.</param>
    /// <param name="report">Of the device.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="device">The device.</param>
    /// <param name="left">Tokens that may still come.</param>
    /// <param name="waits">Whether it waits there for its first token, and may leave for that.</param>
    /// <param name="isSilent">Whether nothing has been heard of the device for too long.</param>
    /// <param name="margin">What it has to save then, see <see cref="DeviceExits.DefaultMargin"/>.</param>
    /// <returns>Why it should leave, or null when it should stay.</returns>
    public static string? Move(PlacementBook book, DeviceReport report, long stream, string device, int left, bool waits, bool isSilent, double margin)
    {
        var mustLeave = isSilent || report.Draining;
        if (!mustLeave && !waits)
        {
            return null;
        }

        return DeviceExits.Move(book, stream, device, left, WorstGate(report, isSilent), mustLeave ? null : margin) is not { } saved ? null
            : isSilent ? $"nothing is heard of {device}"
            : report.Draining ? $"{device} is drained {report.DrainedBy}"
            : string.Create(CultureInfo.InvariantCulture, $"it waits at {device}, and another device saves {saved:0.0} points");
    }

    /// <summary>
    /// The worst gate behind which a stream fares no worse than on its device. An operator wants the device empty even where the others would run slower for
    /// want of power; to leave one that lacks power for another that does is no gain. A sick or silent one gives nothing at all.
    /// </summary>
    private static PlacementGate WorstGate(DeviceReport report, bool isSilent) => isSilent || report.IsQuarantined ? PlacementGate.Crowded
        : report.OutOfService || report.Loading is not null ? PlacementGate.PowerShort
        : PlacementGate.Open;
}
