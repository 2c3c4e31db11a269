using Crescent.Grains.Contracts.Factory;

namespace Crescent.Client.Rendering;

/// <summary>Which devices are shown, and in which order.</summary>
internal static class DeviceOrder
{
    /// <summary>Those that a view shows, in its order.</summary>
    public static IReadOnlyList<DeviceSnapshot> Of(FactorySnapshot factory, TopView view)
    {
        IEnumerable<DeviceSnapshot> devices = factory.Devices.Where(device => Matches(device, view.Filter));
        devices = view.Sort switch
        {
            TopSort.Queue => devices.OrderByDescending(static device => device.Waiting),
            TopSort.Running => devices.OrderByDescending(static device => device.Running),
            TopSort.Kv => devices.OrderByDescending(static device => device.TotalBlocks > 0 ? 1 - ((double)device.FreeBlocks / device.TotalBlocks) : 0),
            TopSort.Tokens => devices.OrderByDescending(static device => device.TokensPerSecond),
            TopSort.Watts => devices.OrderByDescending(static device => device.Watts),
            TopSort.Headroom => devices.OrderBy(static device => device.CapWatts > 0 ? device.CapWatts - device.Watts : double.PositiveInfinity),
            TopSort.Health => devices.OrderBy(static device => Health(device) == "serving" ? 1 : 0),
            _ => devices,
        };
        return view.IsReversed ? [.. devices.Reverse()] : [.. devices];
    }

    /// <summary>How a device is, in a word.</summary>
    public static string Health(DeviceSnapshot device) =>
        device.Stage != "serving" ? device.Stage
        : device.FailedSteps > 0 ? "failing"
        : device.StalledSeconds > FactoryTable.StaleSeconds ? "stalled"
        : device.AgeSeconds > FactoryTable.StaleSeconds ? "silent"
        : device.OutOfService ? "drained"
        : device.Draining ? "draining"
        : "serving";

    private static bool Matches(DeviceSnapshot device, string filter) =>
        filter.Length == 0
        || ((string[])[$"{device.Silo}/{device.Device}", device.Model, device.Description, Health(device)]).Any(text => text.Contains(filter, StringComparison.OrdinalIgnoreCase));
}
