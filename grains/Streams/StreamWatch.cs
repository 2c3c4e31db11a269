using Crescent.Grains.Frames;
using Crescent.Grains.Gpu;
using Crescent.Grains.Hosting;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Streams;

/// <summary>
/// Finds the streams that nothing will come for any more: their silo has left, their device does not know them or makes no steps. A
/// long wait in a queue is none of these. Also drops reservations that nobody released.
/// </summary>
internal sealed class StreamWatch(
    IGrainFactory grains,
    TokenRouter router,
    PlacementLedger ledger,
    IClusterMembershipService membership,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    FactoryMetrics metrics,
    ILogger<StreamWatch> logger) : PeriodicLoop("stream watch", Interval, time, metrics, logger)
{
    /// <summary>Time between two rounds.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Questions in a row that a device may leave unanswered.</summary>
    private const int MaxStrikes = 3;

    private readonly Dictionary<string, (long Steps, long Since, long Asked)> _progress = new(StringComparer.Ordinal);

    /// <summary>Gives up the attempts on silos that are no longer active.</summary>
    public void FollowMembership(ClusterMembershipSnapshot snapshot)
    {
        foreach (var stream in router.Streams)
        {
            var ticket = stream.Ticket;
            if (stream.Owner is { } owner && snapshot.GetSiloStatus(owner) != SiloStatus.Active)
            {
                stream.LoseAttempt(ticket, $"silo {owner} has left the cluster");
            }
        }
    }

    protected override async Task Turn(CancellationToken cancellationToken)
    {
        ledger.Expire(router.IsOpen);
        FollowMembership(membership.CurrentSnapshot);
        await AskDevices();
    }

    /// <summary>Asks each device that has been silent for a stream whether it still has it: one call a device.</summary>
    private async Task AskDevices()
    {
        var liveness = TimeSpan.FromSeconds(options.Value.LivenessSeconds);
        var silent = router.Streams.Where(s => s.Device is not null && Time.GetElapsedTime(s.LastHeard) > liveness)
            .Select(static s => (Stream: s, s.Ticket, Device: s.Device!))
            .GroupBy(static s => s.Device);
        await Task.WhenAll(silent.Select(group => AskDevice(group.Key, [.. group.Select(static s => (s.Stream, s.Ticket))])));
    }

    private async Task AskDevice(string device, (TokenStream Stream, StreamTicket Ticket)[] streams)
    {
        try
        {
            var reply = await grains.GetGrain<IGpuGrain>(device).FindMissing([.. streams.Select(static s => s.Ticket.Value)]);
            var hangs = Hangs(device, reply.Steps);
            foreach (var (stream, ticket) in streams)
            {
                if (reply.Missing.Contains(ticket.Value))
                {
                    stream.LoseAttempt(ticket, "its device does not have it");
                }
                else if (hangs)
                {
                    stream.LoseAttempt(ticket, $"its device has made no step for {options.Value.StallSeconds} s");
                }
                else
                {
                    stream.Asked(ticket, answered: true);
                }
            }
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            ServingLog.LivenessUnknown(Logger, device, streams.Length, e.Message);
            foreach (var (stream, ticket) in streams)
            {
                stream.Asked(ticket, answered: false);
                if (stream.Strikes >= MaxStrikes)
                {
                    stream.LoseAttempt(ticket, $"its device cannot be reached: {e.Message}");
                }
            }
        }
    }

    /// <summary>Whether a device that has sequences has made no step for too long.</summary>
    private bool Hangs(string device, long steps)
    {
        var now = Time.GetTimestamp();
        lock (_progress)
        {
            // Steps that stood still before the last questions do not count: the device may have been idle in between.
            var asking = _progress.TryGetValue(device, out var seen) && seen.Steps == steps
                && Time.GetElapsedTime(seen.Asked, now) < TimeSpan.FromSeconds(3 * options.Value.LivenessSeconds) + Interval;
            var since = asking ? seen.Since : now;
            _progress[device] = (steps, since, now);
            return Time.GetElapsedTime(since, now) > TimeSpan.FromSeconds(options.Value.StallSeconds);
        }
    }
}
