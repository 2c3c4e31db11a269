using Crescent.Control.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>A device as this silo sees it now.</summary>
/// <param name="Silo">The silo that owns it.</param>
/// <param name="SiloName">Name of that silo.</param>
/// <param name="Report">Its newest report.</param>
/// <param name="State">What policies see of it.</param>
/// <param name="AgeSeconds">Age of the report, s.</param>
internal readonly record struct DeviceSighting(SiloAddress Silo, string SiloName, DeviceReport Report, DeviceState State, double AgeSeconds)
{
    /// <summary>All devices of a view.</summary>
    public static DeviceSighting[] All(IReadOnlyList<DeviceOwner> owners, FactoryView view, double now)
    {
        var all = new DeviceSighting[owners.Count];
        for (var i = 0; i < all.Length; i++)
        {
            all[i] = new DeviceSighting(owners[i].Silo, owners[i].SiloName, owners[i].Report, view.Devices[i], now - view.Devices[i].HeardAt);
        }

        return all;
    }
}
