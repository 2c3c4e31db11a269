using Crescent.Engine.Devices;

namespace Crescent.Control.Placement;

/// <summary>
/// A view with its reservations: charges a call to its device together with the decision, so that a burst does not herd to the device that
/// looked idle, counts it as load until a report does, and holds it until the call ends. Not safe for use by several threads.
/// </summary>
public sealed partial class PlacementBook(IPlacementPolicy policy, FactoryView view)
{
    /// <summary>Time over which the share of prompts is averaged, s.</summary>
    private const double RateSeconds = 3;

    private readonly Dictionary<long, Reservation> _reservations = [];

    // By device: those that its newest report does not count. A list stays when it is empty, so that the next call allocates none.
    private readonly Dictionary<string, List<Reservation>> _unseen = new(StringComparer.Ordinal);

    /// <summary>The devices.</summary>
    public FactoryView View => view;

    /// <summary>Front ends that place calls, this one included; 1 and up. No call placed here stands for more.</summary>
    public int Fronts { get; set; } = 1;

    /// <summary>Who decides.</summary>
    public IPlacementPolicy Policy => policy;

    /// <summary>Reservations held.</summary>
    public int Count => _reservations.Count;

    /// <summary>
    /// Takes the report of a device, which is added when it is new. Once the reports of a moment are all taken, <see cref="Settle()"/>
    /// drops what they count.
    /// </summary>
    /// <returns>False when a newer report is at hand.</returns>
    public bool Report(string key, DeviceProfile profile, in DeviceLoad load, long sequence, bool draining = false, bool closed = false, string? model = null)
    {
        var at = view.IndexOf(key);
        if (at < 0)
        {
            view.Add(new DeviceState
            {
                Key = key,
                Model = model,
                Profile = profile,
                Load = load,
                Sequence = sequence,
                HeardAt = view.Now,
                Draining = draining,
                Closed = closed,
                Reachable = true,
            });
            view.Devices[^1].Charge(load.Watts, 0);
            Recall(key);
            return true;
        }

        ref var state = ref view.Devices[at];
        if (state.Sequence >= sequence)
        {
            return false;
        }

        var elapsed = view.Now - state.HeardAt;
        if (elapsed > 0)
        {
            // Both by the newer profile: where it is learned, a small change of it times all tokens since start would look like a burst.
            var arrived = Math.Max(0, load.ArrivedSeconds(profile) - state.Load.ArrivedSeconds(profile));
            view.Flows.Of(model).Arrived(arrived * Math.Min(1, PromptFlow.Seconds / elapsed), view.Now);
            var share = arrived / elapsed;
            state.PromptShare += (share - state.PromptShare) * (1 - Math.Exp(-elapsed / RateSeconds));
            state.BurstShare += (share - state.BurstShare) * (1 - Math.Exp(-elapsed / DeviceForecast.BurstSeconds));
        }

        state.Charge(load.Watts - state.Load.Watts, 0);
        var isOther = state.Model != model;
        state.Model = model;
        state.Profile = profile;
        state.Load = load;
        state.Sequence = sequence;
        state.HeardAt = view.Now;
        state.Draining = draining;
        state.Closed = closed;
        state.Reachable = true;
        view.Refresh(at);
        if (isOther)
        {
            view.CountReference();
        }

        return true;
    }

    /// <summary>Puts a device under levels, null for none: what it draws and has been promised goes from the former ones to these.</summary>
    public void Assign(int device, PowerLevel? own, PowerLevel? node, PowerLevel? rack, PowerLevel? cluster)
    {
        ref var state = ref view.Devices[device];
        state.Charge(-state.Load.Watts, -state.UnseenWatts);
        (state.OwnLevel, state.NodeLevel, state.RackLevel, state.ClusterLevel) = (own, node, rack, cluster);
        state.Charge(state.Load.Watts, state.UnseenWatts);
    }

    /// <summary>Drops what the newest reports count from what reservations add to them.</summary>
    public void Settle()
    {
        foreach (var device in _unseen.Keys)
        {
            Settle(device);
        }
    }

    /// <summary>The same for the reservations of one device, whose report has come.</summary>
    public void Settle(string device)
    {
        if (!_unseen.TryGetValue(device, out var unseen) || unseen.Count == 0)
        {
            return;
        }

        var at = view.IndexOf(device);
        var kept = 0;
        for (var i = 0; i < unseen.Count; i++)
        {
            var reservation = unseen[i];
            if (at >= 0 && reservation.AcceptedAfter >= view.Devices[at].Sequence)
            {
                unseen[kept++] = reservation;
            }
            else
            {
                reservation.Seen = true;
                Weigh(reservation, at, -1);
            }
        }

        unseen.RemoveRange(kept, unseen.Count - kept);
    }

    /// <summary>Decides about a call and charges it, in place of an earlier reservation of the same <paramref name="id"/>.</summary>
    /// <param name="call">The call; the view's <see cref="FactoryView.ChangeOverlap"/> has its own.</param>
    /// <param name="id">Under which the reservation is held.</param>
    public PlacementDecision Place(in PlacementCall call, long id)
    {
        var decision = view.TryPrefer(call, out var preferred) ? preferred : policy.Choose(call, view);
        if (decision.IsPlaced)
        {
            Charge(call, id, decision.Device);
        }

        return decision;
    }

    /// <summary>Charges a call to a device that was decided on, in place of an earlier reservation of the same <paramref name="id"/>.</summary>
    public void Charge(in PlacementCall call, long id, int device)
    {
        Release(id);
        var load = view.Devices[device].Load;
        var uncached = view.Uncached(call, device);
        var reservation = new Reservation
        {
            Device = view.Devices[device].Key,
            Call = call,
            Uncached = uncached,
            PromptSeconds = view.Devices[device].Profile.PromptTime(uncached, call.PromptTokens - uncached),
            NewBlocks = (int)Math.Max(0, load.BlocksFor(call.PromptTokens) - load.Demand.BlocksFor(view.CachedBlocks(device))),
            Blocks = load.BlocksFor((long)call.PromptTokens + call.MaxTokens),
            Watts = view.AddedWatts(call, device),
            Others = Others(view.Devices[device].Model),
            MadeAt = view.Now,
            Before = load,
            UnseenBefore = view.Devices[device].UnseenPromptSeconds + view.Devices[device].OthersPromptSeconds,
        };
        _reservations.Add(id, reservation);
        UnseenOf(reservation.Device).Add(reservation);
        view.Devices[device].Reserved++;
        Weigh(reservation, device, 1);
        view.Active?.Add(id, reservation.Device);
        if (call.Session is { } session)
        {
            view.Sessions?.Bind(session, reservation.Device, view.Now);
        }

        if (call.Parent is { } parent)
        {
            view.Groups?.Bind(parent, reservation.Device, view.Now);
        }
    }

    /// <summary>The device (<c>silo/device</c>) that a call is charged to, or null where there is no such reservation.</summary>
    public string? DeviceOf(long id) => _reservations.GetValueOrDefault(id)?.Device;

    /// <summary>The device that took the call, which may be another than the one decided on, and from which report on it is counted there.</summary>
    public void Accept(long id, string device, long reportSequence)
    {
        if (!_reservations.TryGetValue(id, out var reservation))
        {
            return;
        }

        if (reservation.Device != device)
        {
            var from = view.IndexOf(reservation.Device);
            var to = view.IndexOf(device);
            Reserve(from, -1);
            Reserve(to, 1);
            if (!reservation.Seen)
            {
                Weigh(reservation, from, -1);
                Weigh(reservation, to, 1);
                UnseenOf(reservation.Device).Remove(reservation);
                UnseenOf(device).Add(reservation);
            }

            reservation.Device = device;
            if (to >= 0)
            {
                reservation.Before = view.Devices[to].Load;
                reservation.UnseenBefore = view.Devices[to].UnseenPromptSeconds + view.Devices[to].OthersPromptSeconds
                    - (reservation.Seen ? 0 : (1 + reservation.Others) * reservation.PromptSeconds);
            }

            view.Active?.Move(id, device);
        }

        reservation.AcceptedAfter = reportSequence;
        view.Flows.Of(view.IndexOf(device) is >= 0 and var at ? view.Devices[at].Model : null).Placed(reservation.PromptSeconds, view.Now);
    }

    /// <summary>The call has ended, or was refused. False when there is no such reservation.</summary>
    public bool Release(long id)
    {
        if (!_reservations.Remove(id, out var reservation))
        {
            return false;
        }

        view.Active?.Release(id);
        var at = view.IndexOf(reservation.Device);
        Reserve(at, -1);
        if (!reservation.Seen)
        {
            UnseenOf(reservation.Device).Remove(reservation);
            Weigh(reservation, at, -1);
        }

        return true;
    }

    /// <summary>Drops the reservations made before <paramref name="madeBefore"/> that nobody holds.</summary>
    /// <returns>How many.</returns>
    public int Expire(double madeBefore, Predicate<long> isHeld)
    {
        var expired = _reservations.Where(r => r.Value.MadeAt < madeBefore && !isHeld(r.Key)).Select(static r => r.Key).ToArray();
        foreach (var id in expired)
        {
            Release(id);
        }

        return expired.Length;
    }

    /// <summary>Removes the devices that <paramref name="gone"/> names.</summary>
    public void Remove(Predicate<DeviceState> gone)
    {
        foreach (ref readonly var device in view.Devices)
        {
            if (gone(device))
            {
                device.Charge(-device.Load.Watts, -device.UnseenWatts);
            }
        }

        view.Remove(gone);
    }

    /// <summary>A device that is new may have been here before, or have taken a call before it was heard of.</summary>
    private void Recall(string key)
    {
        var at = view.IndexOf(key);
        foreach (var reservation in _reservations.Values)
        {
            if (reservation.Device == key)
            {
                Reserve(at, 1);
                if (!reservation.Seen)
                {
                    Weigh(reservation, at, 1);
                }
            }
        }
    }

    /// <summary>Calls of other front ends that one placed here stands for.</summary>
    private int Others(string? model) => policy.CountsOthers && Fronts > 1 ? (int)Math.Round(Math.Min(Fronts, view.Flows.Of(model).Times)) - 1 : 0;

    private List<Reservation> UnseenOf(string device)
    {
        if (!_unseen.TryGetValue(device, out var unseen))
        {
            _unseen.Add(device, unseen = []);
        }

        return unseen;
    }

    private void Reserve(int at, int by)
    {
        if (at >= 0)
        {
            view.Devices[at].Reserved += by;
        }
    }

    private void Weigh(Reservation reservation, int at, int sign)
    {
        if (at < 0)
        {
            return;
        }

        ref var device = ref view.Devices[at];
        device.UnseenCalls += sign;
        device.UnseenPromptTokens += sign * reservation.Uncached;
        device.UnseenPromptSeconds += sign * reservation.PromptSeconds;
        device.OthersCalls += sign * reservation.Others;
        device.OthersPromptTokens += (long)sign * reservation.Others * reservation.Uncached;
        device.OthersPromptSeconds += sign * reservation.Others * reservation.PromptSeconds;
        device.UnseenWholeTokens += sign * reservation.Call.PromptTokens;
        device.UnseenNewBlocks += sign * reservation.NewBlocks;
        device.UnseenBlocks += sign * reservation.Blocks;
        device.UnseenWatts += sign * reservation.Watts;
        device.Charge(0, sign * reservation.Watts);
        view.Refresh(at);
    }
}
