using System.Runtime.InteropServices;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Gpu;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Placement;

/// <summary>
/// All devices as one silo sees them, with its own reservations. Not safe for use by several threads: the silo's own view is guarded
/// by <see cref="PlacementLedger"/>.
/// </summary>
public sealed class FactoryView
{
    private readonly List<DeviceState> _devices = [];
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private int[] _overlap = new int[16];

    /// <summary>Seconds of a clock that only this view and its writers share.</summary>
    public double Now { get; set; }

    /// <summary>A device that was not heard of for longer than this takes no calls, in seconds.</summary>
    public double StaleAfter { get; init; } = PlacementOptions.DefaultStaleSeconds;

    /// <summary>A device with this many calls without a first token takes no more.</summary>
    public int MaxQueued { get; init; } = PlacementOptions.DefaultMaxQueued;

    /// <summary>The devices, in the order in which they were first heard of.</summary>
    public Span<DeviceState> Devices => CollectionsMarshal.AsSpan(_devices);

    /// <summary>
    /// Cached blocks of the call in hand, by device: written before a decision, all 0 where nothing is known of caches.
    /// </summary>
    public Span<int> Overlap => _overlap.AsSpan(0, _devices.Count);

    /// <summary>Adds a device.</summary>
    public void Add(in DeviceState device)
    {
        _index.Add(device.Key, _devices.Count);
        _devices.Add(device);
        if (_overlap.Length < _devices.Count)
        {
            Array.Resize(ref _overlap, _overlap.Length * 2);
        }
    }

    /// <summary>Removes the devices that <paramref name="gone"/> names.</summary>
    public void Remove(Predicate<DeviceState> gone)
    {
        if (_devices.RemoveAll(gone) > 0)
        {
            _index.Clear();
            for (var i = 0; i < _devices.Count; i++)
            {
                _index.Add(_devices[i].Key, i);
            }
        }
    }

    /// <summary>Index of the device <paramref name="key"/>, or -1.</summary>
    public int IndexOf(string key) => _index.GetValueOrDefault(key, -1);

    /// <summary>Prompt tokens of <paramref name="call"/> that the device at <paramref name="index"/> would have to compute; at least 1.</summary>
    public int Uncached(in PlacementCall call, int index) =>
        Math.Max(1, call.PromptTokens - (_overlap[index] * Devices[index].Report.BlockSize));

    /// <summary>Whether <paramref name="device"/> may take <paramref name="call"/>.</summary>
    public PlacementGate Gate(in PlacementCall call, in DeviceState device)
    {
        var report = device.Report;
        var positions = (long)call.PromptTokens + call.MaxTokens - 1;
        if (positions > Positions(report))
        {
            return PlacementGate.TooSmall;
        }

        if (!device.Reachable || Now - device.HeardAt > StaleAfter)
        {
            return PlacementGate.Stale;
        }

        if (device.Draining)
        {
            return PlacementGate.Draining;
        }

        if (call.Avoid is not null && call.Avoid == device.Key)
        {
            return PlacementGate.Avoided;
        }

        if (report.Waiting + device.UnseenCalls >= MaxQueued)
        {
            return PlacementGate.Full;
        }

        return HostedDevice.BlocksFor(call.PromptTokens, 1, report.BlockSize) <= device.RoomNow ? PlacementGate.Open : PlacementGate.Crowded;
    }

    /// <summary>Whether the device that <paramref name="call"/> prefers may take it; it needs no score then.</summary>
    public bool TryPrefer(in PlacementCall call, out PlacementDecision decision)
    {
        var index = call.Prefer is null ? -1 : IndexOf(call.Prefer);
        var taken = index >= 0 && Gate(call, Devices[index]) <= PlacementGate.Crowded;
        decision = taken ? new PlacementDecision(index, default) : PlacementDecision.None;
        return taken;
    }

    /// <summary>The best gate that any device has for <paramref name="call"/>; only devices with that gate are to be chosen.</summary>
    /// <returns>False when no device may take it.</returns>
    public bool TryFindGate(in PlacementCall call, out PlacementGate best)
    {
        best = PlacementGate.TooSmall;
        foreach (ref readonly var device in Devices)
        {
            var gate = Gate(call, device);
            best = gate < best ? gate : best;
        }

        return best <= PlacementGate.Crowded && _devices.Count > 0;
    }

    /// <summary>Why no device may take <paramref name="call"/>, or null when one may.</summary>
    public Refusal? Refuse(in PlacementCall call)
    {
        if (TryFindGate(call, out var best))
        {
            return null;
        }

        if (_devices.Count == 0)
        {
            return new Refusal(RefusalReason.Overloaded, "No device has joined the cluster yet.", TimeSpan.FromSeconds(1));
        }

        switch (best)
        {
            case PlacementGate.TooSmall:
                var room = 0;
                foreach (ref readonly var device in Devices)
                {
                    room = Math.Max(room, Positions(device.Report));
                }

                return new Refusal(
                    RefusalReason.TooLong,
                    $"{call.PromptTokens} prompt tokens and {call.MaxTokens} output tokens exceed the {room} positions of the largest device.",
                    null);
            case PlacementGate.Draining:
                return new Refusal(RefusalReason.Stopping, "All devices are draining.", TimeSpan.FromSeconds(1));
            case PlacementGate.Stale:
                return new Refusal(RefusalReason.Overloaded, $"No device was heard of for {StaleAfter} s.", TimeSpan.FromSeconds(StaleAfter));
            default:
                return new Refusal(RefusalReason.Overloaded, "All devices have full queues.", RetryAfter());
        }
    }

    /// <summary>Positions that a device can give one sequence.</summary>
    internal static int Positions(DeviceReport report) => (int)Math.Min(report.MaxContext, (long)report.TotalBlocks * report.BlockSize);

    /// <summary>Until a place in the shortest queue is free, as far as step times tell: 1 to 60 s.</summary>
    private TimeSpan RetryAfter()
    {
        var shortest = double.MaxValue;
        foreach (ref readonly var device in Devices)
        {
            // A place is free when one of the running sequences has ended: in the mean after some hundred steps over the batch.
            var steps = 100.0 / Math.Max(1, device.Report.Running);
            shortest = Math.Min(shortest, steps * Math.Max(device.Report.StepSeconds, PowerQueuePolicy.LeastStepSeconds));
        }

        return TimeSpan.FromSeconds(Math.Clamp(shortest, 1, 60));
    }
}
