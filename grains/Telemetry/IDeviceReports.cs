namespace Crescent.Grains.Telemetry;

/// <summary>The newest report of every device of the factory, as this silo has heard it.</summary>
public interface IDeviceReports
{
    /// <summary>Name of the silo, and what it reported of its device.</summary>
    IReadOnlyList<(string Silo, DeviceReport Report)> Newest();
}
