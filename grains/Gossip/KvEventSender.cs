using Crescent.Engine.Kv;
using Crescent.Grains.Gpu;
using Crescent.Grains.Hosting;
using Crescent.Grains.Kv;
using Crescent.Grains.Metrics;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gossip;

/// <summary>
/// Sends the cache events of this silo's devices to every silo that places calls: at short intervals, in messages of bounded size, one at
/// a time to each. A message without an answer is sent again; a silo that is too slow misses events and fetches a dump.
/// </summary>
internal sealed class KvEventSender(
    DeviceRegistry devices,
    ILocalSiloDetails silo,
    SiloRoles roles,
    IClusterMembershipService membership,
    ITelemetryClient peers,
    KvIndexFeed feed,
    TimeProvider time,
    FactoryMetrics metrics,
    ILogger<KvEventSender> logger) : PeriodicLoop("KV events", Interval, time, metrics, logger)
{
    /// <summary>Time between two rounds.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>A device without events gives a sign of life this often.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    /// <summary>Events in a message at the most: 70 KB.</summary>
    public const int MaxEvents = 4096;

    private static readonly TimeSpan AckTimeout = TimeSpan.FromSeconds(3);

    private readonly Dictionary<SiloAddress, Peer> _peers = [];

    protected override Task Turn(CancellationToken cancellationToken)
    {
        if (devices.Slots.Count == 0)
        {
            return Task.CompletedTask;
        }

        Follow(membership.CurrentSnapshot);
        List<Exception>? failures = null;
        foreach (var peer in _peers.Values)
        {
            if (peer.Sending.IsCompleted)
            {
                // What the last round failed of, if it did, is thrown once all have been served.
                if (peer.Sending.Exception is { } failure)
                {
                    (failures ??= []).AddRange(failure.InnerExceptions);
                }

                peer.Sending = Send(peer, cancellationToken);
            }
        }

        return failures is null ? Task.CompletedTask : Task.FromException(new AggregateException(failures));
    }

    /// <summary>The silos to send to. This one is among them whatever its role: it chooses among its own devices.</summary>
    private void Follow(ClusterMembershipSnapshot snapshot)
    {
        foreach (var member in snapshot.Members.Values)
        {
            var wanted = member.SiloAddress.Equals(silo.SiloAddress) || roles.Listens(member.SiloAddress) == true;
            if (member.Status == SiloStatus.Active && wanted)
            {
                _peers.TryAdd(member.SiloAddress, new Peer(member.SiloAddress));
            }
            else
            {
                _peers.Remove(member.SiloAddress);
            }
        }
    }

    private async Task Send(Peer peer, CancellationToken cancellationToken)
    {
        List<Exception>? failures = null;
        foreach (var device in devices.Devices)
        {
            try
            {
                await Send(peer, device, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                KvLog.SendFailed(Logger, device.Key.ToString(), peer.Silo, e.Message);
            }
            catch (Exception e)
            {
                // The next device's turn all the same.
                (failures ??= []).Add(e);
            }
        }

        if (failures is not null)
        {
            throw new AggregateException(failures);
        }
    }

    private async Task Send(Peer peer, HostedDevice device, CancellationToken cancellationToken)
    {
        var key = device.Key.ToString();
        var (next, sentAt) = peer.Sent.GetValueOrDefault(key, (1, long.MinValue));
        for (var full = true; full;)
        {
            var (epoch, firstId, events) = device.KvEvents.Read(next, MaxEvents);
            if (events.Length == 0 && sentAt != long.MinValue && Time.GetElapsedTime(sentAt) < Heartbeat)
            {
                return;
            }

            var places = KvPlaces.Of(device.Engine.Device);
            var message = new KvEventMessage
            {
                Silo = silo.SiloAddress,
                Device = key,
                Model = device.Engine.Model,
                KvType = device.Engine.KvType,
                BlockSize = device.Engine.Device.BlockSize,
                Epoch = epoch,
                FirstId = firstId,
                Events = events,
                HasStates = places.HasStates,
                Windows = [.. places.Windows.SelectMany(static window => new[] { window.Group, window.Reach.Window, window.Reach.ChunkLength })],
            };
            var receipt = peer.Silo.Equals(silo.SiloAddress)
                ? feed.Take(message)
                : await peers.Of(peer.Silo).TakeKvEvents(message).WaitAsync(AckTimeout, Time, cancellationToken);

            // Where the other side has seen less than it was sent, it goes on from there.
            var sent = firstId + (events.Length / KvEventCodec.EventBytes) - 1;
            next = Math.Min(sent, receipt.Seen) + 1;
            sentAt = Time.GetTimestamp();
            peer.Sent[key] = (next, sentAt);
            full = events.Length == MaxEvents * KvEventCodec.EventBytes && next > sent;
        }
    }

    private sealed class Peer(SiloAddress silo)
    {
        public SiloAddress Silo { get; } = silo;

        public Task Sending { get; set; } = Task.CompletedTask;

        /// <summary>By device: the next event to send, and when something was sent last.</summary>
        public Dictionary<string, (long Next, long SentAt)> Sent { get; } = new(StringComparer.Ordinal);
    }
}
