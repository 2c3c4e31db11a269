using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>Whose a device is, and its newest report.</summary>
/// <param name="Key"><c>silo/device</c>.</param>
/// <param name="Silo">The silo.</param>
/// <param name="SiloName">Its name, which a restart keeps.</param>
/// <param name="Report">What it says of the device.</param>
/// <param name="Sequence">Number of the report.</param>
internal sealed record DeviceOwner(string Key, SiloAddress Silo, string SiloName, DeviceReport Report, long Sequence)
{
    /// <summary>One for each device of a report.</summary>
    public static DeviceOwner[] Of(SiloReport report) => Array.ConvertAll(
        report.Devices, device => new DeviceOwner(new DeviceKey(report.Name, device.Device).ToString(), report.Silo, report.Name, device, report.Sequence));
}
