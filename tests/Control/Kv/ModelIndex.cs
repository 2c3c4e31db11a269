using Crescent.Engine.Kv;

namespace Crescent.Tests.Control.Kv;

/// <summary>What the index must say, kept as one plain set a device.</summary>
internal sealed class ModelIndex
{
    private readonly Dictionary<int, HashSet<BlockHash>> _held = [];

    public IReadOnlyCollection<int> Devices => _held.Keys;

    public int AddDevice()
    {
        var device = 0;
        while (_held.ContainsKey(device))
        {
            device++;
        }

        _held.Add(device, []);
        return device;
    }

    public void RemoveDevice(int device) => _held.Remove(device);

    public void Reset(int device) => _held[device].Clear();

    public void Stored(int device, BlockHash[] hashes) => _held[device].UnionWith(hashes);

    public void Evicted(int device, BlockHash[] hashes) => _held[device].ExceptWith(hashes);

    public bool Holds(int device, BlockHash hash) => _held.TryGetValue(device, out var held) && held.Contains(hash);

    public int BlocksOf(int device) => _held[device].Count;

    /// <summary>Blocks before the first that the device does not hold.</summary>
    public int Lead(int device, BlockHash[] chain)
    {
        var lead = 0;
        while (lead < chain.Length && Holds(device, chain[lead]))
        {
            lead++;
        }

        return lead;
    }
}
