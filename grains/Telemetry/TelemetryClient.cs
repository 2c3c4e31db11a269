using Orleans.Runtime.Services;

namespace Crescent.Grains.Telemetry;

/// <inheritdoc cref="ITelemetryClient"/>
internal sealed class TelemetryClient(IServiceProvider services) : GrainServiceClient<ITelemetryService>(services), ITelemetryClient
{
    public ITelemetryService Of(SiloAddress silo) => GetGrainService(silo);
}
