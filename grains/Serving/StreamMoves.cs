using Crescent.Grains.Placement;
using Crescent.Grains.Tokens;
using Microsoft.Extensions.Hosting;

namespace Crescent.Grains.Serving;

/// <summary>
/// Moves streams away from devices that are drained, and calls that wait to devices that have become cheaper: where another device may take them.
/// A move is the repeat after a lost device, on purpose: the attempt is given up and cancelled, and prompt and emitted tokens go on elsewhere.
/// </summary>
internal sealed class StreamMoves(TokenRouter router, PlacementLedger ledger, TimeProvider time) : BackgroundService
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>A call that waits for less long stays.</summary>
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(500);

    /// <summary>Moves after which a call that waits stays where it is: it must not wander for ever.</summary>
    private const int MostWanderings = 3;

    /// <summary>Half of a stream's tickets are left for devices that are really lost.</summary>
    private const int LastToMove = StreamTicket.MaxAttempts / 2;

    /// <summary>Looks at every stream once.</summary>
    public void Look()
    {
        foreach (var stream in router.Streams)
        {
            var ticket = stream.Ticket;
            var waits = stream.Count == 0 && stream.Moves < MostWanderings && time.GetElapsedTime(stream.LastHeard) > LeastWait;
            if (ticket.Attempt <= LastToMove && stream.Device is { } device && ledger.TryMove(stream.Id, device, stream.Left, waits) is { } reason)
            {
                stream.Move(ticket, reason);
            }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                Look();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }
}
