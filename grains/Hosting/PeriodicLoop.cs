using Crescent.Grains.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Hosting;

/// <summary>
/// Work that a silo does again and again in the background. A turn that fails is logged and counted (<see cref="Metrics.InstrumentNames.LoopFailures"/>), and the
/// next comes all the same: no fault in one of them may end the others, or the silo.
/// </summary>
/// <param name="name">Names it in the log and in the metric.</param>
/// <param name="interval">Time between two turns.</param>
/// <param name="time">The clock.</param>
/// <param name="metrics">Counts failures.</param>
/// <param name="logger">Told of them.</param>
internal abstract class PeriodicLoop(string name, TimeSpan interval, TimeProvider time, FactoryMetrics metrics, ILogger logger) : BackgroundService
{
    private readonly LoopFailures _failures = new(name, metrics, logger);

    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>The loop's log.</summary>
    protected ILogger Logger { get; } = logger;

    /// <summary>Does it once.</summary>
    protected abstract Task Turn(CancellationToken cancellationToken);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await Turn(stoppingToken);
                    _failures.Worked();
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    _failures.Failed(e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The silo stops.
        }
    }
}
