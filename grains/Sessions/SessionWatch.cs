using Crescent.Grains.Placement;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Sessions;

/// <summary>Sends this silo's sessions away from a device that is drained or over its budget: one look a device, however many sessions it has.</summary>
internal sealed class SessionWatch(IGrainFactory grains, LiveSessions live, PlacementLedger ledger, TimeProvider time, ILogger<SessionWatch> logger)
    : BackgroundService
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                foreach (var device in live.ByDevice())
                {
                    if (ledger.ReasonToLeave(device.Key) is var (reason, refuge))
                    {
                        await Task.WhenAll(device.Select(session => Leave(session, device.Key, refuge, reason)));
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
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
            SessionLog.LeaveFailed(logger, session, device, e.Message);
        }
    }
}
