using Crescent.Grains.Hosting;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Sessions;

/// <summary>Sends this silo's sessions away from a device that is drained or over its budget: one look a device, however many sessions it has.</summary>
internal sealed class SessionWatch(
    IGrainFactory grains, LiveSessions live, PlacementLedger ledger, TimeProvider time, FactoryMetrics metrics, ILogger<SessionWatch> logger)
    : PeriodicLoop("session watch", Interval, time, metrics, logger)
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task Turn(CancellationToken cancellationToken)
    {
        foreach (var device in live.ByDevice())
        {
            if (ledger.ReasonToLeave(device.Key) is var (reason, refuge))
            {
                await Task.WhenAll(device.Select(session => Leave(session, device.Key, refuge, reason)));
            }
        }
    }

    private async Task Leave(string session, string device, SiloAddress refuge, string reason)
    {
        try
        {
            await grains.GetGrain<ISessionGrain>(session).Leave(device, refuge, reason);
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            // It is asked again with the next look.
            SessionLog.LeaveFailed(Logger, session, device, e.Message);
        }
    }
}
