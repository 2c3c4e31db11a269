using System.Globalization;
using Crescent.Control.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>When streams leave a device, and where to. Reads and charges the ledger's book, so it runs under the ledger's lock.</summary>
internal static class DeviceExits
{
    /// <summary>
    /// Charges a stream that should leave <paramref name="device"/> to another that may take it now.
    /// </summary>
    /// <returns>Why it should leave, or null when it should stay.</returns>
    public static string? Move(
        PlacementBook book, FactoryView view, DeviceReport report, long stream, string device, int left, bool isSilent, double margin)
    {
        var other = book.Elsewhere(stream, left, out var call, out var present);
        if (!other.IsPlaced || !call.Avoids(device) || view.Gate(call, other.Device) > (isSilent ? PlacementGate.Crowded : WorstGate(report)))
        {
            return null;
        }

        var saved = present - other.Terms.Score;
        var reason = isSilent ? $"nothing is heard of {device}"
            : report.Draining ? $"{device} is drained {report.DrainedBy}"
            : saved > margin * Math.Max(1, present) ? string.Create(CultureInfo.InvariantCulture, $"it waits at {device}, and another device saves {saved:0.0} points")
            : null;
        if (reason is not null)
        {
            book.Charge(call, stream, other.Device);
        }

        return reason;
    }

    /// <summary>
    /// The worst gate behind which a stream fares no worse than on its device. An operator wants the device empty even where the others would run slower for
    /// want of power; to leave one that lacks power for another that does is no gain. A sick one gives nothing at all.
    /// </summary>
    private static PlacementGate WorstGate(DeviceReport present) =>
        present.IsQuarantined ? PlacementGate.Crowded : present.OutOfService || present.Loading is not null ? PlacementGate.PowerShort : PlacementGate.Open;
}
