using Crescent.Control.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>A device as this silo sees it now.</summary>
/// <param name="Silo">The silo that owns it.</param>
/// <param name="SiloName">Name of that silo.</param>
/// <param name="Report">Its newest report.</param>
/// <param name="State">What policies see of it.</param>
/// <param name="AgeSeconds">Age of the report, s.</param>
internal readonly record struct DeviceSighting(SiloAddress Silo, string SiloName, DeviceReport Report, DeviceState State, double AgeSeconds);
