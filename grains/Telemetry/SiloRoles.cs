using System.Collections.Concurrent;

namespace Crescent.Grains.Telemetry;

/// <summary>What each silo says it does, and by that what it is to be told.</summary>
internal sealed class SiloRoles
{
    /// <summary>Role of silos that no call enters the cluster by.</summary>
    public const string Device = "device";

    private readonly ConcurrentDictionary<SiloAddress, (string Role, bool Listens)> _roles = new();

    /// <summary>The role of <paramref name="silo"/>, empty until it was heard of.</summary>
    public string Of(SiloAddress silo) => _roles.TryGetValue(silo, out var told) ? told.Role : "";

    /// <summary>Whether calls enter the cluster by <paramref name="silo"/>; false until it was heard of.</summary>
    public bool IsFront(SiloAddress silo) => Of(silo) is not (Device or "");

    /// <summary>
    /// Whether <paramref name="silo"/> needs all that others tell at once: a front end does, and one of devices as long as it places calls or governs power.
    /// Null until it was heard of.
    /// </summary>
    public bool? Listens(SiloAddress silo) => _roles.TryGetValue(silo, out var told) ? told.Role != Device || told.Listens : null;

    public void Apply(SiloReport report) => _roles[report.Silo] = (report.Role, report.Listens);

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
