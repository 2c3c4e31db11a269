using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;

namespace Crescent.Lab.Virtual;

/// <summary>A device whose steps take their modelled time on a virtual clock.</summary>
internal sealed class VirtualDevice(IDevice device, VirtualClock clock) : IDevice
{
    private readonly CopyLine _copies = new(TimeSpan.FromSeconds(device.Info.BlockCopySeconds));

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

    public void BeginCopies(ReadOnlySpan<KvCopy> copies)
    {
        device.BeginCopies(copies);
        _copies.Add(copies, clock.Elapsed);
    }

    public long CopiesDone => _copies.Done(clock.Elapsed);

    public void WaitForCopy()
    {
        if (_copies.NextDue is { } due && due > clock.Elapsed)
        {
            clock.Pass(due - clock.Elapsed);
        }
    }

    public void Dispose() => device.Dispose();
}
