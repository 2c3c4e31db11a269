using Crescent.Engine.Devices;

namespace Crescent.Tests.Engine.Scheduling;

/// <summary>Another device, whose logits are no numbers for the sequences whose newest token is <paramref name="poison"/>.</summary>
internal sealed class PoisonedDevice(IDevice device, int poison) : IDevice
{
    public DeviceInfo Info => device.Info;

    public StepResult Execute(StepPlan plan)
    {
        var result = device.Execute(plan);
        foreach (var slice in plan.Slices)
        {
            if (slice.LogitsRowCount > 0 && plan.Tokens(slice)[^1] == poison)
            {
                result.Logits(slice.LogitsRow + slice.LogitsRowCount - 1).Fill(float.NaN);
            }
        }

        return result;
    }

    public void CopyBlock(int from, int to) => device.CopyBlock(from, to);

    public void Dispose() => device.Dispose();
}
