using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;
using Crescent.Grains.Tokens;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Serving;

/// <summary>
/// Moves streams away from devices that are drained, and calls that wait to devices that have become cheaper. A move is the repeat after a
/// lost device, on purpose: the attempt is given up and cancelled, and prompt and emitted tokens go on elsewhere.
/// </summary>
internal sealed class StreamMoves(
    TokenRouter router, PlacementLedger ledger, FactoryMetrics metrics, IOptions<GenerationOptions> options, TimeProvider time, ILogger<StreamMoves> logger)
{
    /// <summary>A call that waits for less long stays.</summary>
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(500);

    /// <summary>Attempts after which a call that waits stays where it is: it must not wander for ever.</summary>
    private const int MostWaits = 3;

    /// <summary>Looks at every stream once.</summary>
    public void Look()
    {
        foreach (var stream in router.Streams)
        {
            var ticket = stream.Ticket;
            var waits = stream.Count == 0 && ticket.Attempt < MostWaits && time.GetElapsedTime(stream.LastHeard) > LeastWait;

            // The last attempt is left for a device that is really lost.
            if (ticket.Attempt + 1 < options.Value.MaxAttempts && stream.Device is { } device && ledger.ReasonToMove(stream.Id, device, waits) is { } reason)
            {
                ServingLog.Moved(logger, stream.Id, reason);
                metrics.StreamMoved();
                stream.LoseAttempt(ticket, reason);
            }
        }
    }
}
