using System.Runtime.InteropServices;
using Crescent.Control.Kv;

namespace Crescent.Control.Placement;

/// <summary>
/// All devices as one placing silo sees them, with its own reservations. Not safe for use by several threads. Whoever changes a device's
/// state calls <see cref="Refresh"/> after it.
/// </summary>
public sealed class FactoryView
{
    public const double DefaultStaleSeconds = 3;
    public const int DefaultMaxQueued = 256;

    // Scores of many devices for one call ask for it again and again.
    private const int NotLookedFor = -2;

    private readonly List<DeviceState> _devices = [];
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private DeviceForecast[] _forecasts = new DeviceForecast[16];
    private int[] _overlap = new int[16];
    private int _bestCache = NotLookedFor;
    private readonly List<(string? Model, double PromptJoules, double TokenJoules, int Devices)> _references = [];
    private double _maxCapWatts;

    /// <summary>Seconds of a clock that only this view and its writers share.</summary>
    public double Now { get; set; }

    /// <summary>A device that was not heard of for longer than this takes no calls, in seconds.</summary>
    public double StaleAfter { get; init; } = DefaultStaleSeconds;

    /// <summary>A device with this many calls without a first token takes no more.</summary>
    public int MaxQueued { get; init; } = DefaultMaxQueued;

    /// <summary>How long outputs are; whoever sees one end tells it.</summary>
    public OutputLengthShares Lengths { get; init; } = new();

    /// <summary>KV blocks in use by calls; null where nobody tells of the call in hand what it consists of.</summary>
    public ActiveBlocks? Active { get; init; }

    /// <summary>Devices of sessions; null where no policy asks for them.</summary>
    public SessionBindings? Sessions { get; init; }

    /// <summary>Devices of those that work for one parent; null where no policy asks for them.</summary>
    public SessionBindings? Groups { get; init; }

    /// <summary>The prompts of each model; whoever sees one begin tells it.</summary>
    public PromptFlows Flows { get; init; } = new();

    /// <summary>Changes when devices come or go.</summary>
    public int Version { get; private set; }

    /// <summary>The devices, in the order in which they were first heard of.</summary>
    public Span<DeviceState> Devices => CollectionsMarshal.AsSpan(_devices);

    /// <summary>What follows from each device's state, by device.</summary>
    public ReadOnlySpan<DeviceForecast> Forecasts => _forecasts.AsSpan(0, _devices.Count);

    /// <summary>
    /// Cached blocks of the call in hand, by device and in its own blocks: to be written before a decision, all 0 where nothing is known of caches. Readers take
    /// <see cref="CachedBlocks"/> and <see cref="BestCache"/>.
    /// </summary>
    public Span<int> ChangeOverlap()
    {
        _bestCache = NotLookedFor;
        return _overlap.AsSpan(0, _devices.Count);
    }

    /// <summary>Index of the device with the most cached tokens of the call in hand, the first of equals; -1 where none has any.</summary>
    public int BestCache
    {
        get
        {
            if (_bestCache == NotLookedFor)
            {
                _bestCache = -1;
                for (var (i, most) = (0, 0); i < _devices.Count; i++)
                {
                    if (_overlap[i] * _forecasts[i].BlockSize > most)
                    {
                        (_bestCache, most) = (i, _overlap[i] * _forecasts[i].BlockSize);
                    }
                }
            }

            return _bestCache;
        }
    }

    /// <summary>Adds a device.</summary>
    public void Add(in DeviceState device)
    {
        _index.Add(device.Key, _devices.Count);
        _devices.Add(device);
        Version++;
        _bestCache = NotLookedFor;
        if (_overlap.Length < _devices.Count)
        {
            Array.Resize(ref _overlap, _overlap.Length * 2);
            Array.Resize(ref _forecasts, _overlap.Length);
        }

        Refresh(_devices.Count - 1);
        CountReference();
    }

    /// <summary>Removes the devices that <paramref name="gone"/> names.</summary>
    public void Remove(Predicate<DeviceState> gone)
    {
        if (_devices.RemoveAll(gone) > 0)
        {
            _index.Clear();
            Version++;
            _bestCache = NotLookedFor;
            for (var i = 0; i < _devices.Count; i++)
            {
                _index.Add(_devices[i].Key, i);
                Refresh(i);
            }

            CountReference();
        }
    }

    /// <summary>
    /// Energy of <paramref name="call"/> alone on an idle device of this factory, J, in the mean over those that serve its model: what joules are measured by.
    /// </summary>
    public double ReferenceJoules(in PlacementCall call)
    {
        var (prompt, token, devices) = (0.0, 0.0, 0);
        foreach (var reference in _references)
        {
            if (call.Model is null || call.Model == reference.Model)
            {
                (prompt, token, devices) = (prompt + reference.PromptJoules, token + reference.TokenJoules, devices + reference.Devices);
            }
        }

        return ((call.PromptTokens * prompt) + (call.ExpectedTokens * token)) / Math.Max(1, devices);
    }

    /// <summary>The forecast of the device at <paramref name="index"/> under the cap that it could have when all devices were busy, once a burst has passed.</summary>
    public DeviceForecast ForecastWhenBusy(int index)
    {
        var device = Devices[index];
        device.Load = device.Load with { CapWatts = CapWhenBusy(device) };
        return DeviceForecast.Of(device, lasting: true);
    }

    /// <summary>Clock of prompts under that cap, as a share of the highest.</summary>
    public double PromptClockWhenBusy(int index) => Devices[index].Profile.PrefillClock(CapWhenBusy(Devices[index]));

    private double CapWhenBusy(in DeviceState device)
    {
        var share = Math.Min(1, (device.ClusterLevel?.BudgetWatts ?? double.PositiveInfinity) / _maxCapWatts);
        var cap = device.Load.CapWatts;
        return Math.Max(cap, Math.Min(share * device.Profile.MaxCapWatts, cap + Math.Max(0, device.LocalHeadroomWatts)));
    }

    /// <summary>Takes over from <paramref name="other"/> what it knows of these devices beside their load: power levels, and the prompts of the last seconds.</summary>
    public void Complete(FactoryView other)
    {
        for (var i = 0; i < _devices.Count; i++)
        {
            ref var device = ref Devices[i];
            if (other.IndexOf(device.Key) is >= 0 and var known)
            {
                ref readonly var seen = ref other.Devices[known];
                (device.OwnLevel, device.NodeLevel, device.RackLevel, device.ClusterLevel) = (seen.OwnLevel, seen.NodeLevel, seen.RackLevel, seen.ClusterLevel);
                (device.PromptShare, device.BurstShare) = (seen.PromptShare, seen.BurstShare);
                Refresh(i);
            }
        }
    }

    /// <summary>Index of the device <paramref name="key"/>, or -1.</summary>
    public int IndexOf(string key) => _index.GetValueOrDefault(key, -1);

    /// <summary>Makes the forecast of a device whose state has changed.</summary>
    public void Refresh(int device) => _forecasts[device] = DeviceForecast.Of(Devices[device]);

    /// <summary>Blocks of the call in hand that the device at <paramref name="index"/> has cached.</summary>
    public int CachedBlocks(int index) => _overlap[index];

    /// <summary>Prompt tokens of <paramref name="call"/> that the device at <paramref name="index"/> would have to compute; at least 1.</summary>
    public int Uncached(in PlacementCall call, int index) =>
        Math.Max(1, call.PromptTokens - (_overlap[index] * _forecasts[index].BlockSize));

    /// <summary>Whether the device at <paramref name="index"/> may take <paramref name="call"/>.</summary>
    public PlacementGate Gate(in PlacementCall call, int index)
    {
        ref readonly var device = ref Devices[index];
        ref readonly var forecast = ref _forecasts[index];
        if (call.Model is { } model && model != device.Model)
        {
            return PlacementGate.OtherModel;
        }

        if ((long)call.PromptTokens + call.MaxTokens - 1 > forecast.Positions)
        {
            return PlacementGate.TooSmall;
        }

        if (!device.Reachable || Now - device.HeardAt > StaleAfter)
        {
            return PlacementGate.Stale;
        }

        if (device.Closed)
        {
            return PlacementGate.Closed;
        }

        if (device.Draining && !call.HasBegun)
        {
            return PlacementGate.Draining;
        }

        if (call.Avoids(device.Key))
        {
            return PlacementGate.Avoided;
        }

        if (device.Draining)
        {
            return PlacementGate.Draining;
        }

        if (forecast.Queued >= MaxQueued)
        {
            return PlacementGate.Full;
        }

        if ((long)call.PromptTokens + 1 > forecast.FreePositions)
        {
            return PlacementGate.Crowded;
        }

        var headroom = device.HeadroomWatts;
        return double.IsFinite(headroom) && AddedWatts(call, index) > headroom ? PlacementGate.PowerShort : PlacementGate.Open;
    }

    /// <summary>Most watts that <paramref name="call"/> adds to the device at <paramref name="index"/> over the next second.</summary>
    public double AddedWatts(in PlacementCall call, int index)
    {
        ref readonly var forecast = ref _forecasts[index];
        var prompt = Math.Min(1, forecast.PromptShare + (Uncached(call, index) * forecast.PromptSeconds));
        return Math.Max(0, (prompt * forecast.PromptWatts) + ((1 - prompt) * forecast.DecodeWatts) - forecast.DrawnWatts);
    }

    /// <summary>Whether the device that <paramref name="call"/> prefers may take it; it needs no score then.</summary>
    public bool TryPrefer(in PlacementCall call, out PlacementDecision decision)
    {
        var index = call.Prefer is null ? -1 : IndexOf(call.Prefer);
        var taken = index >= 0 && Gate(call, index) <= PlacementGate.Crowded;
        decision = taken ? new PlacementDecision(index, default) : PlacementDecision.None;
        return taken;
    }

    /// <summary>The best gate that any device has for <paramref name="call"/>; only devices with that gate are to be chosen.</summary>
    /// <returns>False when no device may take it.</returns>
    public bool TryFindGate(in PlacementCall call, out PlacementGate best)
    {
        best = PlacementGate.OtherModel;
        for (var i = 0; i < _devices.Count && best != PlacementGate.Open; i++)
        {
            var gate = Gate(call, i);
            best = gate < best ? gate : best;
        }

        return (best <= PlacementGate.Crowded || (best == PlacementGate.Draining && call.HasBegun)) && _devices.Count > 0;
    }

    /// <summary>Whether more than one device may take <paramref name="call"/>, so that there is something to choose by.</summary>
    public bool HasChoice(in PlacementCall call)
    {
        var found = false;
        for (var i = 0; i < _devices.Count; i++)
        {
            if (Gate(call, i) <= PlacementGate.Crowded)
            {
                if (found)
                {
                    return true;
                }

                found = true;
            }
        }

        return false;
    }

    /// <summary>Counts what follows from the profiles and models of all devices, after one of them has changed.</summary>
    public void CountReference()
    {
        _references.Clear();
        _maxCapWatts = 0;
        foreach (ref readonly var device in Devices)
        {
            var profile = device.Profile;
            _maxCapWatts += profile.MaxCapWatts;
            var model = device.Model;
            var at = _references.FindIndex(r => r.Model == model);
            if (at < 0)
            {
                at = _references.Count;
                _references.Add((model, 0, 0, 0));
            }

            var (_, prompt, token, devices) = _references[at];
            _references[at] = (
                model,
                prompt + ((profile.PrefillWatts - profile.IdleWatts) * profile.PromptSeconds),
                token + ((profile.DecodeWatts(1) - profile.IdleWatts) * profile.DecodeSeconds(1, 0)),
                devices + 1);
        }
    }
}
