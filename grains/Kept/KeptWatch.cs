using Crescent.Grains.Hosting;
using Crescent.Grains.Metrics;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Kept;

/// <summary>Lets kept answers go that have had their time.</summary>
internal sealed class KeptWatch(KeptStore store, TimeProvider time, FactoryMetrics metrics, ILogger<KeptWatch> logger)
    : PeriodicLoop("kept answers", TimeSpan.FromSeconds(1), time, metrics, logger)
{
    protected override Task Turn(CancellationToken cancellationToken)
    {
        store.Look();
        return Task.CompletedTask;
    }
}
