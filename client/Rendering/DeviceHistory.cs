using Crescent.Client.Load.Reports;
using Crescent.Grains.Contracts.Factory;

namespace Crescent.Client.Rendering;

/// <summary>Tokens a second of each device in the last looks.</summary>
internal sealed class DeviceHistory
{
    /// <summary>Looks that are kept.</summary>
    public const int Looks = 12;

    private readonly Dictionary<string, Queue<double>> _devices = new(StringComparer.Ordinal);

    /// <summary>Takes a look; devices that are gone are forgotten.</summary>
    public void Add(FactorySnapshot factory)
    {
        foreach (var device in factory.Devices)
        {
            if (!_devices.TryGetValue(Key(device), out var past))
            {
                _devices.Add(Key(device), past = new Queue<double>(Looks + 1));
            }

            past.Enqueue(device.TokensPerSecond);
            if (past.Count > Looks)
            {
                past.Dequeue();
            }
        }

        var here = factory.Devices.Select(Key).ToHashSet(StringComparer.Ordinal);
        foreach (var gone in _devices.Keys.Where(key => !here.Contains(key)).ToList())
        {
            _devices.Remove(gone);
        }
    }

    /// <summary>A device's last looks as bars, the largest of its own as high as a line.</summary>
    public string Spark(DeviceSnapshot device) => _devices.TryGetValue(Key(device), out var past) ? LoadView.Spark([.. past]) : "";

    private static string Key(DeviceSnapshot device) => $"{device.Silo}/{device.Device}";
}
