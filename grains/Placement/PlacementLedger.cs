using Crescent.Control.Placement;
using Crescent.Grains.Contracts.Factory;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Placement;

/// <summary>
/// The silo's <see cref="PlacementBook"/>, safe for use by many threads: knows which silo owns each device, and hears what the silos report.
/// </summary>
internal sealed class PlacementLedger : IDeviceReports
{
    private readonly Lock _lock = new();
    private readonly FactoryView _view;
    private readonly PlacementBook _book;
    private readonly OutputLengths _lengths = new();
    private readonly DecisionRing _decisions;

    private readonly DeviceOwners _owners = new();
    private readonly TimeProvider _time;
    private readonly FactoryMetrics _metrics;
    private readonly PrefixOverlap _prefixes;
    private readonly double _leaseSeconds;
    private readonly bool _sheds;
    private readonly double _moveMargin;
    private readonly long _start;
    private long _calls;
    private double _askedAt = double.NegativeInfinity;

    public PlacementLedger(
        IPlacementPolicy policy, IOptions<PlacementOptions> options, ILocalSiloDetails silo, TimeProvider time, FactoryMetrics metrics, PrefixOverlap prefixes)
    {
        _time = time;
        _metrics = metrics;
        _prefixes = prefixes;
        _start = time.GetTimestamp();
        _leaseSeconds = options.Value.ReservationLeaseSeconds;
        _view = new FactoryView { StaleAfter = options.Value.StaleSeconds, MaxQueued = options.Value.MaxQueued };
        _book = new PlacementBook(policy, _view);
        _moveMargin = options.Value.MoveMargin;
        _sheds = options.Value.Weights.ShedAbove > 0;
        _decisions = new DecisionRing(policy, silo.Name, time);
    }

    /// <summary>Seconds since calls were to be placed here.</summary>
    public double UnaskedSeconds => Now() - Volatile.Read(ref _askedAt);

    /// <summary>Reservations held.</summary>
    public int ReservationCount
    {
        get
        {
            lock (_lock)
            {
                return _book.Count;
            }
        }
    }

    /// <summary>Positions that the largest device with <paramref name="model"/> that takes new work can give one sequence, of all where none does; 0 before one is known.</summary>
    public int MaxPositions(string? model)
    {
        lock (_lock)
        {
            _view.Now = Now();
            return PlacementRefusal.MostPositionsNow(_view, model);
        }
    }

    /// <summary>Takes a report; an older one than that at hand is dropped.</summary>
    public void Apply(SiloReport report)
    {
        var owners = DeviceOwner.Of(report);
        var keys = Array.ConvertAll(owners, static owner => owner.Key);
        var loads = Array.ConvertAll(report.Devices, static device => device.Load());
        lock (_lock)
        {
            if (_owners.HasNewer(report))
            {
                return;
            }

            if (_owners.Take(report, keys) is { } gone)
            {
                Forget(gone);
            }

            _book.Fronts = Math.Max(1, _owners.Fronts);

            _view.Now = Now();
            _owners.TryAgain(report.Silo, _view.Now);
            var reachable = _owners.IsReachable(report.Silo);
            for (var i = 0; i < owners.Length; i++)
            {
                var (key, device) = (keys[i], report.Devices[i]);
                _book.Report(key, device.Profile, loads[i], report.Sequence, report.Draining || device.Draining, device.IsClosed, device.Model);
                var at = _view.IndexOf(key);
                _view.Devices[at].Reachable = reachable;
                _owners.Set(at, owners[i]);
                _book.Settle(key);
            }
        }
    }

    /// <summary>Forgets the devices of silos that are not <paramref name="active"/>.</summary>
    public void Keep(Predicate<SiloAddress> active)
    {
        lock (_lock)
        {
            Forget(_owners.Keep(active));

            // What was placed on devices that are gone counts on none.
            _book.Settle();
        }
    }

    /// <summary>Changes what the book knows besides reports and calls, such as power levels. Brief: all decisions wait.</summary>
    public void Change(Action<PlacementBook> change)
    {
        lock (_lock)
        {
            change(_book);
        }
    }

    /// <summary>
    /// Charges a stream that should leave its device to another that may take it now, so that no more leave than there is room for.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="device">Its device.</param>
    /// <param name="left">Tokens that may still come.</param>
    /// <param name="waits">Whether it still waits there for its first token.</param>
    /// <param name="isSilent">Whether nothing has been heard of the device for too long.</param>
    /// <returns>Why it should leave, or null when it should stay.</returns>
    public string? TryMove(long stream, string device, int left, bool waits, bool isSilent = false)
    {
        lock (_lock)
        {
            var at = _view.IndexOf(device);
            _view.Now = Now();
            return at < 0 || (_owners.Tries && !isSilent) ? null : StreamExits.Move(_book, _owners[at].Report, stream, device, left, waits && _moveMargin > 0, isSilent, _moveMargin);
        }
    }

    /// <summary>Whether more than one device may take the call now.</summary>
    public bool HasChoice(PlacementNeeds needs)
    {
        lock (_lock)
        {
            _view.Now = Now();
            return _view.HasChoice(needs.Call(_calls));
        }
    }

    /// <summary>Why no device may take the call, or none would in the promised time; null when one may.</summary>
    public Refusal? Refuse(PlacementNeeds needs)
    {
        lock (_lock)
        {
            // One that moves has passed the gates and is charged to the device behind them, which may have no room but for it.
            if (_book.DeviceOf(needs.Stream) is { } charged && Array.IndexOf(needs.Avoid, charged) < 0)
            {
                return null;
            }

            _view.Now = _askedAt = Now();
            var call = needs.Call(_calls);
            if (PlacementRefusal.Of(call, _view) is { } refusal)
            {
                return refusal;
            }

            if (!needs.MayShed || !_sheds || _view.TryPrefer(call, out _))
            {
                return null;
            }

            _prefixes.Fill(needs.Prefix, _view);
            return _book.Policy.Choose(call, _view).IsShed ? PlacementRefusal.Shed(_view, call) : null;
        }
    }

    /// <summary>
    /// Decides and charges the reservation, replacing an earlier one of the same stream.
    /// </summary>
    /// <returns>The silo of the device, or null when none may take the call.</returns>
    public SiloAddress? Place(PlacementNeeds needs, ReadOnlySpan<SiloAddress> compatible)
    {
        var started = _time.GetTimestamp();
        DeviceOwner? chosen;
        int more;
        using (var cached = _prefixes.LookUp(needs.Prefix))
        {
            lock (_lock)
            {
                var before = _book.Count;
                chosen = Place(needs, compatible, cached);
                more = _book.Count - before;
            }
        }

        if (chosen is not null && needs.Stream != 0)
        {
            _prefixes.Predict(needs.Prefix, chosen.Key);
        }

        if (more != 0)
        {
            _metrics.ReservationsChanged(more);
        }

        _metrics.Decided(_book.Policy.Name, chosen is not null, _time.GetElapsedTime(started));
        return chosen?.Silo;
    }

    private DeviceOwner? Place(PlacementNeeds needs, ReadOnlySpan<SiloAddress> compatible, in CachedPrefix cached)
    {
        _view.Now = _askedAt = Now();
        if (_owners.Reach(compatible, _view.Now))
        {
            for (var i = 0; i < _owners.Count; i++)
            {
                _view.Devices[i].Reachable = _owners.IsReachable(_owners[i].Silo);
            }
        }

        _prefixes.Write(cached, _view);
        var call = needs.Call(_calls++);

        // That of a move stands where the stream is to go: it is no load to the stream itself.
        _book.Release(needs.Stream);
        if (needs.RequestId is not null)
        {
            _decisions.Begin(needs, call, _view);
        }

        var decision = Decide(call, needs.Stream);
        if (needs.RequestId is not null)
        {
            _decisions.Decided(call, _view, decision);
        }

        return decision.IsPlaced ? _owners[decision.Device] : null;
    }

    /// <summary>The device that took the call, which may be another one of the same silo, and from which report on it is counted there.</summary>
    public void Accepted(long stream, SubmissionReply reply)
    {
        lock (_lock)
        {
            _book.Accept(stream, reply.Device, reply.ReportSequence);
            _decisions.Took(stream, reply.Device);
        }
    }

    /// <summary>The stream has ended, or was refused.</summary>
    public void Release(long stream)
    {
        lock (_lock)
        {
            if (_book.Release(stream))
            {
                _metrics.ReservationsChanged(-1);
            }
        }
    }

    /// <summary>The device that the stream is charged to (<c>silo/device</c>), or null.</summary>
    public string? DeviceOf(long stream)
    {
        lock (_lock)
        {
            return _book.DeviceOf(stream);
        }
    }

    /// <summary>Adds to <paramref name="heard"/> when each device was last heard of, in seconds of the ledger's clock.</summary>
    public void Hearings(List<(string Device, double HeardAt)> heard)
    {
        lock (_lock)
        {
            foreach (ref readonly var device in _view.Devices)
            {
                heard.Add((device.Key, device.HeardAt));
            }
        }
    }

    /// <summary>Drops reservations whose stream is not open and which nobody released in time.</summary>
    public void Expire(Predicate<long> isOpen)
    {
        lock (_lock)
        {
            var expired = _book.Expire(Now() - _leaseSeconds, isOpen);
            if (expired > 0)
            {
                _metrics.ReservationsExpired(expired);
                _metrics.ReservationsChanged(-expired);
            }
        }
    }

    /// <summary>Tokens that a call of <paramref name="tenant"/> with this limit comes to in the mean.</summary>
    public double ExpectedTokens(string tenant, int maxTokens)
    {
        lock (_lock)
        {
            return _lengths.Expect(tenant, maxTokens);
        }
    }

    /// <summary>A call of <paramref name="tenant"/> has come to its own end.</summary>
    public void Ended(string tenant, int maxTokens, int tokens)
    {
        lock (_lock)
        {
            _lengths.Learn(tenant, maxTokens, tokens);
            _view.Lengths.Learn(tokens);
        }
    }

    /// <summary>An empty view that knows what the ledger knows of outputs.</summary>
    public FactoryView NewView() => new() { Lengths = _view.Lengths, Flows = _view.Flows, StaleAfter = _view.StaleAfter, MaxQueued = _view.MaxQueued };

    /// <summary>Adds to the devices of <paramref name="view"/> what the ledger knows of them beside their state: power levels, and the prompts of the last seconds.</summary>
    public void Complete(FactoryView view)
    {
        lock (_lock)
        {
            view.Complete(_view);
        }
    }

    /// <summary>The decisions about a request that this silo remembers, oldest first.</summary>
    public List<PlacementDecisionReport> Decisions(string requestId)
    {
        lock (_lock)
        {
            return _decisions.Find(requestId);
        }
    }

    /// <summary>The decision about an attempt at a stream, with its best candidates, and how long it took; null where it was not made here, or not about it.</summary>
    public (PlacementDecisionReport Decision, TimeSpan Took)? Decision(long stream, int attempt, int most)
    {
        lock (_lock)
        {
            return _decisions.Find(stream, attempt, most);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Silo, DeviceReport Report)> Newest()
    {
        lock (_lock)
        {
            return [.. _owners.All.Select(static o => (o.SiloName, o.Report))];
        }
    }

    /// <summary>A copy of all devices.</summary>
    public DeviceSighting[] Snapshot()
    {
        lock (_lock)
        {
            return DeviceSighting.All(_owners.All, _view, Now());
        }
    }

    private PlacementDecision Decide(in PlacementCall call, long stream)
    {
        if (stream != 0)
        {
            return _book.Place(call, stream);
        }

        return _view.TryPrefer(call, out var preferred) ? preferred : _book.Policy.Choose(call, _view);
    }

    private void Forget(HashSet<string> keys)
    {
        if (keys.Count > 0)
        {
            _owners.Remove(keys);
            _book.Remove(device => keys.Contains(device.Key));
        }
    }

    private double Now() => _time.GetElapsedTime(_start).TotalSeconds;
}
