using Crescent.Grains.Configuration;
using Crescent.Grains.Contracts.Planning;
using Crescent.Grains.Hosting;
using Crescent.Grains.Metrics;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Crescent.Grains.Planning;

/// <summary>Sees to it that there is a planner: front ends wake it, and it lives in one of them, for they alone may ask for replicas.</summary>
internal sealed class PlannerWatch(
    IGrainFactory grains, IOptions<PlannerOptions> options, CrescentSiloOptions silo, TimeProvider time, FactoryMetrics metrics, ILogger<PlannerWatch> logger)
    : PeriodicLoop("planner", TimeSpan.FromSeconds(5), time, metrics, logger)
{
    protected override Task Turn(CancellationToken cancellationToken) =>
        options.Value.Does == PlannerMode.Off || silo.Role == SiloRoles.Device ? Task.CompletedTask : grains.GetGrain<IPlannerGrain>(0).Nudge();
}
