using Orleans.Services;

namespace Crescent.Grains.Telemetry;

/// <summary>Reaches the telemetry service of any silo.</summary>
internal interface ITelemetryClient : IGrainServiceClient<ITelemetryService>
{
    ITelemetryService Of(SiloAddress silo);
}
