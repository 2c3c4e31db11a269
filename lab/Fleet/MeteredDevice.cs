using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Fleet;

/// <summary>Reads the watts of every step of a simulated device.</summary>
internal sealed class MeteredDevice(SimulatedDevice device, int index, PowerMeter meter, VirtualClock clock) : IDevice
{
    public DeviceInfo Info => device.Info;

    public StepResult Execute(StepPlan plan)
    {
        var start = clock.Elapsed.TotalSeconds;
        var result = device.Execute(plan);
        meter.Step(index, start, result.Duration.TotalSeconds, device.Power.StepWatts);
        return result;
    }

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void ReadBlock(int block, Span<byte> destination) => device.ReadBlock(block, destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) => device.WriteBlock(block, source);

    public void Dispose() => device.Dispose();
}
