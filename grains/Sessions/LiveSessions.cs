using System.Collections.Concurrent;

namespace Crescent.Grains.Sessions;

/// <summary>The sessions that live in this silo because their device does.</summary>
internal sealed class LiveSessions
{
    private readonly ConcurrentDictionary<string, string> _devices = new(StringComparer.Ordinal);

    /// <summary>The session <paramref name="key"/> lives with <paramref name="device"/>.</summary>
    public void Put(string key, string device) => _devices[key] = device;

    /// <summary>The session <paramref name="key"/> does not live here, or has another device.</summary>
    public void Remove(string key) => _devices.TryRemove(key, out _);

    /// <summary>The keys of the sessions by device.</summary>
    public ILookup<string, string> ByDevice() => _devices.ToLookup(static s => s.Value, static s => s.Key);
}
