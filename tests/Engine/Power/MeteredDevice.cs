using Crescent.Engine.Devices;
using Crescent.Tests.Engine.Scheduling;

namespace Crescent.Tests.Engine.Power;

/// <summary>Makes the time of each step pass on a clock that stands still otherwise, and tells the meter what the device draws meanwhile.</summary>
internal sealed class MeteredDevice(IDevice device, ManualTime time, IntegratingMeter meter, Func<StepPlan, double> watts) : IDevice
{
    public DeviceInfo Info => device.Info;

    public IDeviceSampler? Sampler => device.Sampler;

    private StepPlan _plan = new(KvBlockSize.Of(device.Info));

    public void Begin(StepPlan plan)
    {
        _plan = plan;
        device.Begin(plan);
    }

    public StepResult End()
    {
        var result = device.End();
        meter.Watts = watts(_plan);
        time.Advance(result.Duration);
        meter.Watts = meter.IdleWatts;
        return result;
    }

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void Dispose() => device.Dispose();
}
