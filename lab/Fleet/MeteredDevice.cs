using Crescent.Engine.Devices;
using Crescent.Engine.Devices.Simulated;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Fleet;

/// <summary>Reads the watts of every step of a simulated device.</summary>
/// <param name="device">The device.</param>
/// <param name="index">Which of the fleet's it is.</param>
/// <param name="meter">Told of each step.</param>
/// <param name="clock">The time.</param>
/// <param name="isUnknown">It does not tell what it costs: its engine learns that from its steps.</param>
internal sealed class MeteredDevice(SimulatedDevice device, int index, PowerMeter meter, VirtualClock clock, bool isUnknown = false) : IDevice
{
    private double _began;

    public DeviceInfo Info { get; } = isUnknown ? device.Info with { Profile = null } : device.Info;

    public void Begin(StepPlan plan)
    {
        _began = clock.Elapsed.TotalSeconds;
        device.Begin(plan);
    }

    public StepResult End()
    {
        var result = device.End();
        meter.Step(index, _began, result.Duration.TotalSeconds, device.Power.StepWatts, device.LastWork.PrefillTokens > 0);
        return result;
    }

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void BeginCopies(ReadOnlySpan<KvCopy> copies) => device.BeginCopies(copies);

    public void Dispose() => device.Dispose();
}
