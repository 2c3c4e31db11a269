using Crescent.Engine.Devices;

namespace Crescent.Lab.Virtual;

/// <summary>A device whose steps take their modelled time on a virtual clock.</summary>
internal sealed class VirtualDevice(IDevice device, VirtualClock clock) : IDevice
{
    public DeviceInfo Info => device.Info;

    public IDeviceSampler? Sampler => device.Sampler;

    public void Begin(StepPlan plan) => device.Begin(plan);

    public StepResult End()
    {
        var result = device.End();
        clock.Pass(result.Duration);
        return result;
    }

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void ReadBlock(int block, Span<byte> destination) => device.ReadBlock(block, destination);

    public void WriteBlock(int block, ReadOnlySpan<byte> source) => device.WriteBlock(block, source);

    public void Dispose() => device.Dispose();
}
