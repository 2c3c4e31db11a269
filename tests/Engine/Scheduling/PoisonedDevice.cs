using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Another device, whose logits are no numbers for the sequences whose newest token is <paramref name="poison"/>.</summary>
internal sealed class PoisonedDevice(IDevice device, int poison) : IDevice
{
    public DeviceInfo Info => device.Info;

    private StepPlan _plan = new(KvBlockSize.Of(device.Info));

    public void Begin(StepPlan plan)
    {
        _plan = plan;
        device.Begin(plan);
    }

    public StepResult End()
    {
        var result = device.End();
        foreach (var slice in _plan.Slices)
        {
            if (slice.LogitsRowCount > 0 && _plan.Tokens(slice)[^1] == poison)
            {
                result.Logits(slice.LogitsRow + slice.LogitsRowCount - 1).Fill(float.NaN);
            }
        }

        return result;
    }

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void Dispose() => device.Dispose();
}
