using Crescent.Grains.Contracts.Factory;
using Crescent.Silo.Api.Wire;
using Crescent.Silo.Stores;

namespace Crescent.Silo.Ops;

/// <summary>How a device silo is: ready while one of its devices takes work.</summary>
internal sealed class DeviceHealth(string silo, IGrainFactory grains, IHostApplicationLifetime lifetime, StoreState store)
{
    /// <summary>Answers as <see cref="HealthEndpoint"/> does, for this silo's devices.</summary>
    public async Task<IResult> Answer(CancellationToken cancellationToken)
    {
        var factory = await grains.GetGrain<IFactoryGrain>(0).GetSnapshot(cancellationToken);
        var devices = factory.Devices.Count(d => d.Silo == silo && !d.Draining);
        var status = lifetime.ApplicationStopping.IsCancellationRequested ? "draining" : devices == 0 ? "no_devices" : "ok";
        return Results.Json(
            new HealthReport(status, factory.Model, factory.Silos.Count, devices, store.Fault),
            ApiJson.Readable.HealthReport,
            statusCode: status == "ok" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}
