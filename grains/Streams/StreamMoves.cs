using Crescent.Control.Placement;
using Crescent.Grains.Frames;
using Crescent.Grains.Hosting;
using Crescent.Grains.Metrics;
using Crescent.Grains.Placement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Streams;

/// <summary>
/// Moves streams away from devices that are drained or have fallen silent, and calls that wait to devices that have become cheaper: where another device may take them.
/// A move is the repeat after a lost device, on purpose: the attempt is given up and cancelled, and prompt and emitted tokens go on elsewhere.
/// </summary>
internal sealed class StreamMoves(
    TokenRouter router,
    PlacementLedger ledger,
    DeviceSilence silence,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    FactoryMetrics metrics,
    ILogger<StreamMoves> logger) : PeriodicLoop("stream moves", Interval, time, metrics, logger)
{
    /// <summary>Time between two looks.</summary>
    public static readonly TimeSpan Interval = DeviceSilence.Interval;

    /// <summary>A stream that has moved doubles its patience with silent devices, so many times at the most: on a stalled machine it must not wander for ever.</summary>
    private const int MostDoublings = 6;

    /// <summary>Half of a stream's tickets are left for devices that are really lost.</summary>
    private const int LastToMove = StreamTicket.MaxAttempts / 2;

    /// <summary>Looks at every stream once.</summary>
    public void Look()
    {
        silence.Look();
        foreach (var stream in router.Streams)
        {
            var ticket = stream.Ticket;
            var waits = stream.Count == 0 && stream.Moves < DeviceExits.MostWanderings && Time.GetElapsedTime(stream.LastHeard) > DeviceExits.LeastWait;
            if (ticket.Attempt <= LastToMove && stream.Device is { } device && ledger.TryMove(stream.Id, device, stream.Left, waits, IsSilent(stream, device)) is { } reason)
            {
                stream.Move(ticket, reason);
            }
        }
    }

    protected override Task Turn(CancellationToken cancellationToken)
    {
        Look();
        return Task.CompletedTask;
    }

    private bool IsSilent(TokenStream stream, string device)
    {
        var patience = options.Value.SilenceSeconds * (1 << Math.Min(stream.Moves, MostDoublings));
        return silence.Of(device) > patience && Time.GetElapsedTime(stream.LastHeard).TotalSeconds > patience;
    }
}
