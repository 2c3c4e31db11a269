using Crescent.Control.Kv;
using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Kv;

/// <summary>
/// The silo's <see cref="KvIndex"/>, fed by the devices' events; safe for use by many threads. Events that are missing are noticed by
/// their ids and made up for by a dump of the device's cache; what was known before stays in use until then.
/// </summary>
internal sealed class KvIndexFeed : IKvIndexState, IDisposable
{
    /// <summary>A device that was silent for longer is stale; it gives a sign of life each second.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // Whoever looks up waits for no more than this many changes.
    private const int Slice = 1024;

    // Taken after a follower's lock, never before it.
    private readonly Lock _lock = new();
    private readonly IKvDumpSource _dumps;
    private readonly IClusterMembershipService _membership;
    private readonly TimeProvider _time;
    private readonly FactoryMetrics _metrics;
    private readonly ILogger _logger;
    private readonly KvIndex _index;
    private readonly Dictionary<string, KvFollower> _followers = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stopped;
    private KvRoot[] _roots = [];
    private long _events;
    private long _gaps;
    private long _repairs;

    public KvIndexFeed(
        IKvDumpSource dumps, IClusterMembershipService membership, TimeProvider time, FactoryMetrics metrics, ILogger<KvIndexFeed> logger)
    {
        _dumps = dumps;
        _membership = membership;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _index = new KvIndex(time);
        _stopped = _stopping.Token;
        metrics.Observe(this);
    }

    /// <summary>Changes when devices come or go.</summary>
    public int Version { get; private set; }

    /// <summary>What chains of the devices' blocks start from: one entry where all serve the same model in blocks of one size.</summary>
    public IReadOnlyList<KvRoot> Roots => Volatile.Read(ref _roots);

    /// <summary>Those of <paramref name="model"/>; all for null.</summary>
    public IReadOnlyList<KvRoot> RootsOf(string? model)
    {
        var roots = Roots;
        foreach (var root in roots)
        {
            if (model is not null && root.Model != model)
            {
                return [.. roots.Where(other => other.Model == model)];
            }
        }

        return roots;
    }

    /// <summary>Takes a message of a device.</summary>
    public KvReceipt Take(KvEventMessage message)
    {
        if (Follow(message) is not { } follower)
        {
            return new KvReceipt(0);
        }

        var events = KvEventCodec.ReadEvents(message.Events);
        lock (follower.Lock)
        {
            follower.HeardAt = _time.GetTimestamp();
            if (message.Epoch != follower.Epoch && events.Length > 0)
            {
                (follower.Epoch, follower.Seen) = (message.Epoch, 0);
            }

            var known = !follower.Cursor.NeedsDump;
            Apply(follower, follower.Cursor.Take(new KvEventBatch(message.Epoch, message.FirstId, events)));
            follower.Seen = events.Length == 0 ? follower.Seen : Math.Max(follower.Seen, message.FirstId + events.Length - 1);

            // The sender sends again what has not come, so a sign of life alone is no reason for a dump.
            if (follower.Cursor.NeedsDump && !follower.Repairing && events.Length > 0)
            {
                follower.Repairing = true;
                if (known)
                {
                    Interlocked.Increment(ref _gaps);
                    _metrics.KvGap();
                    KvLog.Gap(_logger, follower.Key, follower.Cursor.LastId);
                }

                _ = Start(follower);
            }

            return new KvReceipt(message.Epoch == follower.Epoch ? follower.Seen : 0);
        }
    }

    /// <summary>Forgets the devices of silos that are not <paramref name="active"/>.</summary>
    public void Keep(Predicate<SiloAddress> active)
    {
        lock (_lock)
        {
            foreach (var follower in _followers.Values)
            {
                if (!active(follower.Silo))
                {
                    Remove(follower);
                }
            }
        }
    }

    /// <summary>Index of a device in what <see cref="LookUp"/> finds, or -1 while nothing was heard of it.</summary>
    public int IndexOf(string device)
    {
        lock (_lock)
        {
            return _followers.TryGetValue(device, out var follower) ? follower.Index : -1;
        }
    }

    /// <summary>What chains of <paramref name="device"/>'s blocks start from; null while nothing was heard of it.</summary>
    public KvRoot? RootOf(string device)
    {
        lock (_lock)
        {
            return _followers.TryGetValue(device, out var follower) ? follower.Root : null;
        }
    }

    /// <summary>Leading blocks of a prompt that devices have cached, as <see cref="KvIndex.Overlap"/> counts them.</summary>
    /// <param name="chains">The prompt's chains, by what they start from.</param>
    /// <param name="found">Opened, with the blocks of each device.</param>
    public void LookUp(ReadOnlySpan<(KvRoot Root, BlockHash[] Chain)> chains, ref CachedPrefix found)
    {
        lock (_lock)
        {
            found.Open(_index.DeviceLimit);
            if (chains.Length > 0)
            {
                _index.Overlap(chains[0].Chain, found.Blocks);
            }

            for (var i = 1; i < chains.Length; i++)
            {
                // Chains of different roots, block sizes among them, have no block in common, so a device answers to one of them.
                using var other = default(CachedPrefix);
                other.Open(_index.DeviceLimit);
                _index.Overlap(chains[i].Chain, other.Blocks);
                for (var device = 0; device < other.Blocks.Length; device++)
                {
                    found.Blocks[device] = Math.Max(found.Blocks[device], other.Blocks[device]);
                }
            }
        }
    }

    /// <summary>A prompt was sent to <paramref name="device"/>.</summary>
    /// <param name="device"><c>silo/device</c>.</param>
    /// <param name="chains">The prompt's chains, by what they start from.</param>
    public void Predict(string device, ReadOnlySpan<(KvRoot Root, BlockHash[] Chain)> chains)
    {
        lock (_lock)
        {
            if (!_followers.TryGetValue(device, out var follower))
            {
                return;
            }

            foreach (var (root, chain) in chains)
            {
                if (root == follower.Root)
                {
                    _index.Predict(follower.Index, chain, KvIndex.DefaultPrediction);
                }
            }
        }
    }

    /// <inheritdoc/>
    public KvIndexState State()
    {
        var now = _time.GetTimestamp();
        lock (_lock)
        {
            var stale = _followers.Values.Count(f => f.Repairing || _time.GetElapsedTime(f.HeardAt, now) > StaleAfter);
            return new KvIndexState(
                _followers.Count, stale, _index.Blocks, _index.Predictions, Interlocked.Read(ref _events), Interlocked.Read(ref _gaps), Interlocked.Read(ref _repairs));
        }
    }

    /// <summary>Blocks that a device holds, or -1 while nothing was heard of it.</summary>
    public int BlocksOf(string device)
    {
        lock (_lock)
        {
            return _followers.TryGetValue(device, out var follower) ? _index.BlocksOf(follower.Index) : -1;
        }
    }

    public void Dispose()
    {
        // The container disposes it once for each service that it is.
        if (!_stopping.IsCancellationRequested)
        {
            _stopping.Cancel();
            _stopping.Dispose();
        }
    }

    /// <summary>Finds the device's follower, or makes it; null when its silo is not in the cluster, or its blocks are none that a prompt can be cut into.</summary>
    private KvFollower? Follow(KvEventMessage message)
    {
        if (!KvBlockSize.IsValid(message.BlockSize))
        {
            return null;
        }

        var root = new KvRoot(message.Model, message.KvType, new KvBlockSize(message.BlockSize));
        lock (_lock)
        {
            if (_membership.CurrentSnapshot.GetSiloStatus(message.Silo) != SiloStatus.Active)
            {
                return null;
            }

            if (_followers.TryGetValue(message.Device, out var follower))
            {
                if (follower.Silo.Equals(message.Silo) && follower.Root == root)
                {
                    return follower;
                }

                // A restarted silo replaces its former self, and so does a device whose blocks are others now.
                Remove(follower);
            }

            follower = new KvFollower(message.Silo, message.Device, root, _index.AddDevice(message.Places()))
            {
                HeardAt = _time.GetTimestamp(),
            };
            _followers.Add(message.Device, follower);
            Changed();
            return follower;
        }
    }

    private void Remove(KvFollower follower)
    {
        follower.Removed = true;
        _followers.Remove(follower.Key);
        _index.RemoveDevice(follower.Index);
        Changed();
    }

    private void Changed()
    {
        Version++;
        Volatile.Write(ref _roots, [.. _followers.Values.Select(static f => f.Root).Distinct()]);
    }

    private void Apply(KvFollower follower, KvUpdate update)
    {
        if (update.Replaces)
        {
            Change(follower, new KvUpdate(true, [], []));
        }

        for (var rest = update.Hashes; rest.Length > 0; rest = rest[Math.Min(Slice, rest.Length)..])
        {
            Change(follower, new KvUpdate(false, rest[..Math.Min(Slice, rest.Length)], []));
        }

        for (var rest = update.Events; rest.Length > 0; rest = rest[Math.Min(Slice, rest.Length)..])
        {
            Change(follower, new KvUpdate(false, [], rest[..Math.Min(Slice, rest.Length)]));
        }

        if (update.Events.Length > 0)
        {
            Interlocked.Add(ref _events, update.Events.Length);
            _metrics.KvEvents(update.Events.Length);
        }
    }

    private void Change(KvFollower follower, KvUpdate part)
    {
        lock (_lock)
        {
            if (!follower.Removed)
            {
                _index.Apply(follower.Index, part);
            }
        }
    }

    private Task Start(KvFollower follower)
    {
        // The repair outlives the call that found the gap and must not carry that call's request context.
        using (ExecutionContext.SuppressFlow())
        {
            return Task.Run(() => Repair(follower, _stopped), _stopped);
        }
    }

    private async Task Repair(KvFollower follower, CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; !follower.Removed; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                var dump = await _dumps.Fetch(follower.Key, cancellationToken);
                lock (follower.Lock)
                {
                    Apply(follower, follower.Cursor.Take(dump));
                    if (!follower.Cursor.NeedsDump)
                    {
                        if (dump.Epoch != follower.Epoch)
                        {
                            (follower.Epoch, follower.Seen) = (dump.Epoch, 0);
                        }

                        follower.Seen = Math.Max(follower.Seen, follower.Cursor.LastId);
                        follower.Repairing = false;
                        Interlocked.Increment(ref _repairs);
                        _metrics.KvRepair();
                        KvLog.Repaired(_logger, follower.Key, dump.Hashes.Length);
                        return;
                    }
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException or OperationCanceledException)
            {
                KvLog.RepairFailed(_logger, follower.Key, e.Message);
            }

            await Task.Delay(pause, _time, cancellationToken);
        }
    }
}
