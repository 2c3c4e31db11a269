using System.Collections.Concurrent;

namespace Crescent.Grains.Telemetry;

/// <summary>What each silo says it does; for display.</summary>
internal sealed class SiloRoles
{
    private readonly ConcurrentDictionary<SiloAddress, string> _roles = new();

    /// <summary>The role of <paramref name="silo"/>, empty until it was heard of.</summary>
    public string Of(SiloAddress silo) => _roles.GetValueOrDefault(silo, "");

    public void Apply(SiloReport report) => _roles[report.Silo] = report.Role;

    /// <summary>Forgets silos that are not <paramref name="active"/>.</summary>
    public void Keep(Predicate<SiloAddress> active)
    {
        foreach (var silo in _roles.Keys)
        {
            if (!active(silo))
            {
                _roles.TryRemove(silo, out _);
            }
        }
    }
}
