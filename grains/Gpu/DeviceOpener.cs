using Crescent.Control.Power;
using Crescent.Grains.Configuration;
using Crescent.Grains.Frames;
using Crescent.Grains.Metrics;
using Crescent.Grains.Models;
using Crescent.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Crescent.Grains.Gpu;

/// <summary>Opens devices: engine, sink and links.</summary>
internal sealed class DeviceOpener(
    CrescentSiloOptions options,
    ILocalSiloDetails silo,
    IServiceProvider services,
    TimeProvider time,
    FactoryMetrics metrics,
    ILogger<DeviceOpener> logger)
{
    /// <summary>Opens <paramref name="plan"/>'s device with <paramref name="model"/>. Takes as long as loading does: not for the thread pool.</summary>
    public HostedDevice Open(DevicePlan plan, ServedModel? model)
    {
        var live = new LiveSequences();
        var key = new DeviceKey(silo.Name, plan.Name);
        HostedDevice? device = null;
        var sink = new FrameSink(live, (front, observer) => new FrameLink(key.ToString(), front, observer, time, metrics, logger)
        {
            Unwanted = device!.Cancel,
            Broken = device.Abandon,
        });
        var owned = plan.Open(services, sink, model);
        var engine = owned.Engine;
        if (engine.Device.Name != plan.Name)
        {
            owned.Dispose();
            throw new InvalidOperationException($"The device that was to be {key} says that its name is {engine.Device.Name}.");
        }

        return device = new HostedDevice(key, owned, live, sink)
        {
            // It begins with the lowest cap: who knows what budget is in force.
            Cap = engine.PowerCap is { } cap ? new CapKeeper(cap, time.GetUtcNow().UtcTicks) : null,
            Time = time,
            Node = options.Node ?? engine.Device.Node ?? silo.Name,
            Rack = options.Rack ?? engine.Device.Rack ?? "",
        };
    }
}
