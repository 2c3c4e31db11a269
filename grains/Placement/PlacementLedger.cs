using Crescent.Grains.Gpu;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Placement;

/// <summary>
/// The silo's factory view with its reservations; safe for use by many threads. A reservation is charged together with the decision,
/// so that a burst of calls does not herd to the device that looked idle, and is held until the stream ends.
/// </summary>
internal sealed class PlacementLedger : IDeviceReports
{
    private readonly Lock _lock = new();
    private readonly FactoryView _view;
    private readonly Dictionary<long, Reservation> _reservations = [];
    private readonly IPlacementPolicy _policy;
    private readonly TimeProvider _time;
    private readonly FactoryMetrics _metrics;
    private readonly PrefixOverlap _prefixes;
    private readonly double _leaseSeconds;
    private readonly long _start;
    private long _calls;

    public PlacementLedger(IPlacementPolicy policy, IOptions<PlacementOptions> options, TimeProvider time, FactoryMetrics metrics, PrefixOverlap prefixes)
    {
        _policy = policy;
        _time = time;
        _metrics = metrics;
        _prefixes = prefixes;
        _start = time.GetTimestamp();
        _leaseSeconds = options.Value.ReservationLeaseSeconds;
        _view = new FactoryView { StaleAfter = options.Value.StaleSeconds, MaxQueued = options.Value.MaxQueued };
    }

    /// <summary>Reservations held.</summary>
    public int ReservationCount
    {
        get
        {
            lock (_lock)
            {
                return _reservations.Count;
            }
        }
    }

    /// <summary>Positions that the largest device can give one sequence; 0 before one is known.</summary>
    public int MaxPositions
    {
        get
        {
            lock (_lock)
            {
                var most = 0;
                foreach (ref readonly var device in _view.Devices)
                {
                    most = Math.Max(most, FactoryView.Positions(device.Report));
                }

                return most;
            }
        }
    }

    /// <summary>Takes a report; an older one than that at hand is dropped.</summary>
    public void Apply(SiloReport report)
    {
        lock (_lock)
        {
            var now = Now();
            foreach (ref var device in _view.Devices)
            {
                if (device.Silo.Equals(report.Silo) && device.Sequence >= report.Sequence)
                {
                    return;
                }
            }

            // A restarted silo replaces its former self.
            _view.Remove(d => (d.Silo.Equals(report.Silo) || d.SiloName == report.Name) && (!d.Silo.Equals(report.Silo)
                || !Array.Exists(report.Devices, r => r.Device == DeviceKey.Parse(d.Key).Device)));
            foreach (var device in report.Devices)
            {
                var key = new DeviceKey(report.Name, device.Device).ToString();
                var at = _view.IndexOf(key);
                if (at < 0)
                {
                    at = _view.Devices.Length;
                    _view.Add(new DeviceState { Silo = report.Silo, SiloName = report.Name, Key = key, Report = device });
                }

                ref var state = ref _view.Devices[at];
                state.Report = device;
                state.Sequence = report.Sequence;
                state.HeardAt = now;
                state.Draining = report.Draining;
                state.Reachable = true;
            }

            Recount();
        }
    }

    /// <summary>Forgets the devices of silos that are not <paramref name="active"/>.</summary>
    public void Keep(Predicate<SiloAddress> active)
    {
        lock (_lock)
        {
            _view.Remove(d => !active(d.Silo));
        }
    }

    /// <summary>Why no device may take the call, or null when one may.</summary>
    public Refusal? Refuse(PlacementNeeds needs)
    {
        lock (_lock)
        {
            _view.Now = Now();
            return _view.Refuse(Call(needs));
        }
    }

    /// <summary>
    /// Decides and charges the reservation, replacing an earlier one of the same stream.
    /// </summary>
    /// <returns>The silo of the device, or null when none may take the call.</returns>
    public SiloAddress? Place(PlacementNeeds needs, ReadOnlySpan<SiloAddress> compatible)
    {
        var started = _time.GetTimestamp();
        lock (_lock)
        {
            _view.Now = Now();
            foreach (ref var device in _view.Devices)
            {
                device.Reachable = compatible.Contains(device.Silo);
            }

            _prefixes.Fill(needs.Prefix, _view.Devices, _view.Overlap);
            var call = Call(needs);
            var decision = _view.TryPrefer(call, out var preferred) ? preferred : _policy.Choose(call, _view);
            _calls++;
            if (decision.IsPlaced && needs.Stream != 0)
            {
                Charge(needs, decision.Device, _view.Uncached(call, decision.Device));
                _prefixes.Predict(needs.Prefix, _view.Devices[decision.Device].Key);
            }

            _metrics.Decided(_policy.Name, decision.IsPlaced, _time.GetElapsedTime(started));
            return decision.IsPlaced ? _view.Devices[decision.Device].Silo : null;
        }
    }

    /// <summary>The device that took the call, which may be another one of the same silo, and from which report on it is counted there.</summary>
    public void Accepted(long stream, SubmissionReply reply)
    {
        lock (_lock)
        {
            if (_reservations.TryGetValue(stream, out var reservation))
            {
                reservation.Device = reply.Device;
                reservation.AcceptedAfter = reply.ReportSequence;
                Recount();
            }
        }
    }

    /// <summary>The stream has ended, or was refused.</summary>
    public void Release(long stream)
    {
        lock (_lock)
        {
            if (Remove(stream))
            {
                Recount();
            }
        }
    }

    /// <summary>Drops reservations whose stream is not open and which nobody released in time.</summary>
    public void Expire(Predicate<long> isOpen)
    {
        lock (_lock)
        {
            var now = Now();
            var expired = _reservations.Where(r => now - r.Value.MadeAt > _leaseSeconds && !isOpen(r.Key)).Select(static r => r.Key).ToArray();
            foreach (var stream in expired)
            {
                Remove(stream);
            }

            if (expired.Length > 0)
            {
                _metrics.ReservationsExpired(expired.Length);
                Recount();
            }
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Silo, DeviceReport Report)> Newest()
    {
        lock (_lock)
        {
            var newest = new (string, DeviceReport)[_view.Devices.Length];
            for (var i = 0; i < newest.Length; i++)
            {
                newest[i] = (_view.Devices[i].SiloName, _view.Devices[i].Report);
            }

            return newest;
        }
    }

    /// <summary>A copy of all device states, and the age of each report in seconds.</summary>
    public (DeviceState Device, double AgeSeconds)[] Snapshot()
    {
        lock (_lock)
        {
            var now = Now();
            var copy = new (DeviceState, double)[_view.Devices.Length];
            for (var i = 0; i < copy.Length; i++)
            {
                copy[i] = (_view.Devices[i], now - _view.Devices[i].HeardAt);
            }

            return copy;
        }
    }

    private double Now() => _time.GetElapsedTime(_start).TotalSeconds;

    private PlacementCall Call(PlacementNeeds needs) => new(_calls, needs.PromptTokens, needs.MaxTokens, needs.Avoid, needs.Prefer);

    private void Charge(PlacementNeeds needs, int at, int uncached)
    {
        if (Remove(needs.Stream))
        {
            Recount();
        }

        ref var device = ref _view.Devices[at];
        var blocks = HostedDevice.BlocksFor(needs.PromptTokens, needs.MaxTokens, device.Report.BlockSize);
        _reservations.Add(needs.Stream, new Reservation(device.Key, uncached, blocks, _view.Now));
        _metrics.ReservationsChanged(1);
        device.Reserved++;
        device.UnseenCalls++;
        device.UnseenPromptTokens += uncached;
        device.UnseenBlocks += blocks;
    }

    private bool Remove(long stream)
    {
        if (!_reservations.Remove(stream))
        {
            return false;
        }

        _metrics.ReservationsChanged(-1);
        return true;
    }

    /// <summary>Sums the reservations up anew: simpler than keeping sums right, and there are some hundreds at most.</summary>
    private void Recount()
    {
        foreach (ref var device in _view.Devices)
        {
            (device.Reserved, device.UnseenCalls, device.UnseenPromptTokens, device.UnseenBlocks) = (0, 0, 0, 0);
        }

        foreach (var reservation in _reservations.Values)
        {
            var at = _view.IndexOf(reservation.Device);
            if (at < 0)
            {
                continue;
            }

            ref var device = ref _view.Devices[at];
            device.Reserved++;
            if (device.Sequence <= reservation.AcceptedAfter)
            {
                device.UnseenCalls++;
                device.UnseenPromptTokens += reservation.PromptTokens;
                device.UnseenBlocks += reservation.Blocks;
            }
        }
    }
}
