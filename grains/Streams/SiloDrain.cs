using Crescent.Grains.Gpu;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Streams;

/// <summary>
/// Opens the devices before the silo joins the cluster, hands them to their grains then, and before it leaves lets the work in flight end: the others hear that it is
/// draining with its next report, and place nothing here any more.
/// </summary>
internal sealed class SiloDrain(
    DeviceRegistry devices,
    DeviceKeeper keeper,
    TokenRouter router,
    ILocalSiloDetails silo,
    IOptions<GenerationOptions> options,
    TimeProvider time,
    ILogger<SiloDrain> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public Task StartingAsync(CancellationToken cancellationToken) => keeper.OpenAll(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => keeper.HandOver(cancellationToken);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        devices.Drain();
        var began = time.GetTimestamp();
        var limit = TimeSpan.FromSeconds(options.Value.DrainSeconds);
        if (devices.Live + router.Count > 0)
        {
            ServingLog.Draining(logger, silo.Name, devices.Live, router.Count);
        }

        while (devices.Live + router.Count > 0)
        {
            if (time.GetElapsedTime(began) > limit || cancellationToken.IsCancellationRequested)
            {
                ServingLog.DrainTimedOut(logger, silo.Name, devices.Live, router.Count, time.GetElapsedTime(began).TotalSeconds);
                return;
            }

            await Task.Delay(Poll, time, CancellationToken.None);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
