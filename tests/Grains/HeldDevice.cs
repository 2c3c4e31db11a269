using Crescent.Engine.Devices;

namespace Crescent.Tests.Grains;

/// <summary>A device that asks before each step.</summary>
internal sealed class HeldDevice(IDevice device, Action beforeStep) : IDevice
{
    public DeviceInfo Info => device.Info;

    public void Begin(StepPlan plan)
    {
        beforeStep();
        device.Begin(plan);
    }

    public StepResult End() => device.End();

    public void Dispose() => device.Dispose();
}
