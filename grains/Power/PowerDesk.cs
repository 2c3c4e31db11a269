using Crescent.Control.Power;
using Crescent.Grains.Contracts.Power;
using Crescent.Grains.Gpu;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Power;

/// <summary>
/// What this silo knows of power: the newest budgets, the newest word of the governor, and which devices have left. Any silo can
/// host the next governor, so each keeps all that one needs. Safe for use by many threads.
/// </summary>
internal sealed class PowerDesk(IOptions<PowerOptions> options, TimeProvider time) : IPowerWord, IPowerStand
{
    /// <summary>A word of the governor that is older no longer defers or drains, and one of any other governor replaces it.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);

    private static readonly GovernorOptions Defaults = new();

    private readonly Lock _lock = new();
    private readonly long _start = time.GetTimestamp();
    private readonly Dictionary<string, (double At, DevicePower Last)> _departed = new(StringComparer.Ordinal);
    private Dictionary<string, DevicePower> _present = new(StringComparer.Ordinal);
    private BudgetBook _budgets = options.Value.Book();
    private GovernorReport? _state;
    private GovernorReport? _own;
    private double _heardAt;

    /// <summary>Seconds of a clock that starts with the silo.</summary>
    public double Now => time.GetElapsedTime(_start).TotalSeconds;

    /// <summary>The newest budgets that this silo has heard of.</summary>
    public BudgetBook Budgets
    {
        get
        {
            lock (_lock)
            {
                return _budgets;
            }
        }
    }

    /// <summary>The newest word of the governor, and its age in seconds.</summary>
    public (GovernorReport? State, double AgeSeconds) Newest
    {
        get
        {
            lock (_lock)
            {
                return (_state, Now - _heardAt);
            }
        }
    }

    /// <inheritdoc/>
    public double AgeSeconds => Newest.AgeSeconds;

    /// <summary>What a governor in this silo has to tell the others; null when there is none.</summary>
    public GovernorReport? Own
    {
        get
        {
            lock (_lock)
            {
                return _own;
            }
        }
    }

    /// <inheritdoc/>
    public bool DeferBatch => Newest is ({ DeferBatch: true }, var age) && age < Fresh.TotalSeconds;

    /// <summary>True when there are budgets to keep and nothing was heard of the governor for too long.</summary>
    public bool IsForsaken => Newest is ({ HasBudgets: true }, var age) && age > Defaults.LeaseSeconds;

    /// <inheritdoc/>
    public IReadOnlyList<PowerLevelSnapshot> Levels => Newest is ({ } state, var age) && age <= Defaults.LeaseSeconds ? state.Levels : [];

    /// <inheritdoc/>
    public bool Drains(string key) => Newest is ({ } state, var age) && age < Fresh.TotalSeconds && Array.IndexOf(state.Drain, key) >= 0;

    /// <inheritdoc/>
    public double Price(string node, string rack)
    {
        var highest = 0.0;
        if (Newest is ({ } state, var age) && age < Fresh.TotalSeconds)
        {
            foreach (var level in state.Levels)
            {
                highest = level.Name.Length == 0 || level.Name == node || level.Name == rack ? Math.Max(highest, level.Price) : highest;
            }
        }

        return highest;
    }

    /// <summary>Takes over budgets, unless those at hand are newer.</summary>
    public void Hear(BudgetBook budgets)
    {
        lock (_lock)
        {
            _budgets = budgets.Replaces(_budgets) ? budgets : _budgets;
        }
    }

    /// <summary>Takes the governor's word, unless that at hand is newer.</summary>
    public void Hear(GovernorReport state)
    {
        lock (_lock)
        {
            if (_state is null || state.Term > _state.Term || (state.Term == _state.Term && state.Look > _state.Look) || Now - _heardAt > Fresh.TotalSeconds)
            {
                _state = state;
                _heardAt = Now;
            }
        }
    }

    /// <summary>The word of the governor in this silo; null when it ends.</summary>
    public void Publish(GovernorReport? state)
    {
        lock (_lock)
        {
            _own = state;
        }

        if (state is not null)
        {
            Hear(state);
        }
    }

    /// <summary>Notes which devices there are, and by that which have left.</summary>
    public void Observe(DeviceSighting[] sightings)
    {
        var present = sightings.Select(PowerReadings.Of).ToDictionary(static d => d.Key, StringComparer.Ordinal);
        lock (_lock)
        {
            foreach (var (key, last) in _present)
            {
                if (!present.ContainsKey(key))
                {
                    _departed[key] = (Now, last);
                }
            }

            foreach (var key in _departed.Keys)
            {
                if (present.ContainsKey(key) || Now - _departed[key].At > Defaults.AbsentSeconds)
                {
                    _departed.Remove(key);
                }
            }

            _present = present;
        }
    }

    /// <summary>The devices that have left and are not forgotten, and since when, in seconds of <see cref="Now"/>.</summary>
    public (double At, DevicePower Last)[] Departed()
    {
        lock (_lock)
        {
            return [.. _departed.Values];
        }
    }

    /// <summary>The same in the form in which silos tell it one another.</summary>
    public AbsentDevice[] Absent()
    {
        lock (_lock)
        {
            var now = Now;
            return [.. _departed.Values.Select(departed => PowerReadings.Absent(departed.Last, now - departed.At))];
        }
    }

    /// <summary>Takes over which devices another silo has seen leave; what this one sees goes before it.</summary>
    public void Learn(IEnumerable<AbsentDevice> absent)
    {
        lock (_lock)
        {
            foreach (var device in absent)
            {
                var at = Now - device.SecondsAgo;
                if (device.SecondsAgo <= Defaults.AbsentSeconds && !_present.ContainsKey(device.Key) && !(_departed.TryGetValue(device.Key, out var known) && known.At >= at))
                {
                    _departed[device.Key] = (at, PowerReadings.Of(device));
                }
            }
        }
    }

    /// <summary>The sum of the highest watts of all devices, those that have left but are not forgotten included.</summary>
    public double Nameplate(ReadOnlySpan<DevicePower> present)
    {
        var sum = 0.0;
        foreach (ref readonly var device in present)
        {
            sum += device.Profile.MaxCapWatts;
        }

        foreach (var (_, last) in Departed())
        {
            var isPresent = false;
            foreach (ref readonly var device in present)
            {
                isPresent |= device.Key == last.Key;
            }

            sum += isPresent ? 0 : last.Profile.MaxCapWatts;
        }

        return sum;
    }

    /// <summary>The budgets in watts.</summary>
    public static PowerBudgets InWatts(PowerBudgetSettings budgets, double nameplateWatts) => new()
    {
        ClusterWatts = budgets.ClusterWatts ?? (budgets.ClusterShare * nameplateWatts),
        RackWatts = budgets.Racks,
        NodeWatts = budgets.Nodes,
        DeviceWatts = budgets.Devices,
    };
}
