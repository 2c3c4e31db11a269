using System.Collections.Concurrent;

namespace Crescent.Grains.Sessions;

/// <summary>
/// The sessions that live in this silo because their device does, by activation: one that leaves must not take another with it that has
/// come back in the meantime.
/// </summary>
internal sealed class LiveSessions
{
    private readonly ConcurrentDictionary<ActivationId, (string Session, string Device)> _sessions = [];

    /// <summary>The session <paramref name="key"/> lives with <paramref name="device"/>.</summary>
    public void Put(ActivationId activation, string key, string device) => _sessions[activation] = (key, device);

    /// <summary>The activation does not live with a device.</summary>
    public void Remove(ActivationId activation) => _sessions.TryRemove(activation, out _);

    /// <summary>The keys of the sessions by device.</summary>
    public ILookup<string, string> ByDevice() => _sessions.Values.ToLookup(static s => s.Device, static s => s.Session);
}
