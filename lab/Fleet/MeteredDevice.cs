using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Fleet;

/// <summary>Reads the watts of every step of a simulated device.</summary>
internal sealed class MeteredDevice(SimulatedDevice device, int index, PowerMeter meter, VirtualClock clock) : IDevice
{
    private double _began;

    public DeviceInfo Info => device.Info;

    public void Begin(StepPlan plan)
    {
        _began = clock.Elapsed.TotalSeconds;
        device.Begin(plan);
    }

    public StepResult End()
    {
        var result = device.End();
        meter.Step(index, _began, result.Duration.TotalSeconds, device.Power.StepWatts);
        return result;
    }

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void BeginCopies(ReadOnlySpan<KvCopy> copies) => device.BeginCopies(copies);

    public void Dispose() => device.Dispose();
}
