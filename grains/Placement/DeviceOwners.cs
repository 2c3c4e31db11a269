using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>
/// Whose each device of a view is, in the view's order, and what is known of the silos themselves. For the ledger, under its lock; what a report costs depends on its
/// own devices alone.
/// </summary>
internal sealed class DeviceOwners
{
    /// <summary>A silo that calls could not be sent to, and that still reports so long after a call was last placed, is tried again, s.</summary>
    public const double TryAgainSeconds = 1;

    private readonly List<DeviceOwner> _owners = [];
    private readonly Dictionary<string, KnownSilo> _silos = new(StringComparer.Ordinal);

    // Those that calls could be sent to when one was last placed, null before the first; as they were told, null where others are taken for reachable since.
    private HashSet<SiloAddress>? _reachable;
    private SiloAddress[]? _told;
    private double _placedAt = double.NegativeInfinity;
    private bool _tries;

    /// <summary>Silos that calls enter the cluster by.</summary>
    public int Fronts { get; private set; }

    /// <summary>In the order of the view.</summary>
    public IReadOnlyList<DeviceOwner> All => _owners;

    public int Count => _owners.Count;

    public DeviceOwner this[int device] => _owners[device];

    /// <summary>Whether a newer report of the silo is at hand, or one of a later start of it.</summary>
    public bool HasNewer(SiloReport report) => _silos.TryGetValue(report.Name, out var known)
        && (known.Silo.Equals(report.Silo) ? known.Sequence >= report.Sequence : known.Silo.Generation > report.Silo.Generation);

    /// <summary>Takes note of a report that is none of these.</summary>
    /// <returns>Keys of devices that the silo, or its former self, had and has no more; null for none.</returns>
    public HashSet<string>? Take(SiloReport report, ReadOnlySpan<string> keys)
    {
        if (!_silos.TryGetValue(report.Name, out var known))
        {
            _silos.Add(report.Name, new KnownSilo(report.Silo, report.Sequence, keys.ToArray(), report.Role != SiloRoles.Device));
            CountFronts();
            Welcome(report.Silo);
            return null;
        }

        // A restarted silo replaces its former self, with all that was known of its devices.
        HashSet<string>? gone = null;
        if (!known.Silo.Equals(report.Silo))
        {
            gone = [.. known.Keys];
            Welcome(report.Silo);
        }
        else if (!keys.SequenceEqual(known.Keys))
        {
            gone = [.. known.Keys.Except(keys.ToArray())];
        }

        _silos[report.Name] = new KnownSilo(report.Silo, report.Sequence, gone is null ? known.Keys : keys.ToArray(), report.Role != SiloRoles.Device);
        if (_silos[report.Name].IsFront != known.IsFront)
        {
            CountFronts();
        }

        return gone;
    }

    /// <summary>The device at <paramref name="at"/> is this one's from now on.</summary>
    public void Set(int at, DeviceOwner owner)
    {
        if (at == _owners.Count)
        {
            _owners.Add(owner);
        }
        else
        {
            _owners[at] = owner;
        }
    }

    /// <summary>Forgets devices.</summary>
    public void Remove(HashSet<string> keys) => _owners.RemoveAll(owner => keys.Contains(owner.Key));

    /// <summary>Forgets silos that are not <paramref name="active"/>.</summary>
    /// <returns>Keys of their devices.</returns>
    public HashSet<string> Keep(Predicate<SiloAddress> active)
    {
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, silo) in _silos)
        {
            if (!active(silo.Silo))
            {
                gone.UnionWith(silo.Keys);
                _silos.Remove(name);
            }
        }

        CountFronts();
        return gone;
    }

    /// <summary>Whether a silo is taken for reachable that was not when a call was last placed: no stream that runs is to be moved until the next one tells.</summary>
    public bool Tries => _tries;

    /// <summary>Whether calls can be sent to <paramref name="silo"/>, as far as is known.</summary>
    public bool IsReachable(SiloAddress silo) => _reachable is null || _reachable.Contains(silo);

    /// <summary>
    /// Lets calls be tried again on one that reports now. Reports of a silo arrive before it is known which grains it takes, so that a call placed in between finds it out of reach; as none is
    /// placed where no device can be reached, it would stay so.
    /// </summary>
    public void TryAgain(SiloAddress silo, double now)
    {
        if (now - _placedAt >= TryAgainSeconds && !IsReachable(silo))
        {
            Welcome(silo);
            _tries = true;
        }
    }

    /// <summary>Takes note of the silos that a call that is placed now can be sent to.</summary>
    /// <returns>False where they are those of last time.</returns>
    public bool Reach(ReadOnlySpan<SiloAddress> compatible, double now)
    {
        (_placedAt, _tries) = (now, false);
        var same = _told is not null && compatible.Length == _told.Length;
        for (var i = 0; same && i < compatible.Length; i++)
        {
            same = ReferenceEquals(compatible[i], _told![i]) || compatible[i].Equals(_told[i]);
        }

        if (same)
        {
            return false;
        }

        _told = compatible.ToArray();
        _reachable = [.. _told];
        return true;
    }

    private void CountFronts() => Fronts = _silos.Values.Count(static silo => silo.IsFront);

    // Who reports can be reached until a call that is placed says otherwise: where none can be, none is placed.
    private void Welcome(SiloAddress silo)
    {
        _reachable?.Add(silo);
        _told = null;
    }

    /// <summary>What the newest report of a silo says of it.</summary>
    private sealed record KnownSilo(SiloAddress Silo, long Sequence, string[] Keys, bool IsFront);
}
