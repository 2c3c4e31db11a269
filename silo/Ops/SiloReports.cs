using Crescent.Grains.Telemetry;

namespace Crescent.Silo.Ops;

/// <summary>The reports of one silo's devices, out of those of all.</summary>
internal sealed class SiloReports(IDeviceReports all, string silo) : IDeviceReports
{
    public IReadOnlyList<(string Silo, DeviceReport Report)> Newest() => [.. all.Newest().Where(device => device.Silo == silo)];
}
