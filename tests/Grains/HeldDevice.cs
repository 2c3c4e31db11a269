using Crescent.Engine.Devices;

namespace Crescent.Tests.Grains;

/// <summary>A device that asks before each step.</summary>
internal sealed class HeldDevice(IDevice device, Action beforeStep) : IDevice
{
    public DeviceInfo Info => device.Info;

    public StepResult Execute(StepPlan plan)
    {
        beforeStep();
        return device.Execute(plan);
    }

    public void Dispose() => device.Dispose();
}
