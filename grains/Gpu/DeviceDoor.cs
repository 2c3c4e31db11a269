using Crescent.Engine.Scheduling;
using Crescent.Grains.Placement;
using Crescent.Grains.Telemetry;

namespace Crescent.Grains.Gpu;

/// <summary>
/// Where calls come to the devices of this silo, from its own grains and from those of others: to the engine that the device's grain has opened, as long as the grain
/// leaves it there. Nothing waits.
/// </summary>
internal sealed class DeviceDoor(DeviceRegistry devices, ILocalSiloDetails silo)
{
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(1);

    /// <summary>Hands a call to a device, if that takes it.</summary>
    public SubmissionReply Submit(DeviceKey device, Submission submission) => devices.Find(device.Device) is { } slot
        ? Submit(slot, submission)
        : Reply(device, new Refusal(RefusalReason.Stopping, $"{device} is none of silo {silo.Name}.", TryAgain));

    /// <inheritdoc cref="Submit(DeviceKey, Submission)"/>
    public SubmissionReply Submit(DeviceSlot slot, Submission submission)
    {
        try
        {
            Enter(slot, submission);
            return Reply(slot.Key, null);
        }
        catch (RequestRefusedException e)
        {
            return Reply(slot.Key, Refusal.From(e));
        }
    }

    private void Enter(DeviceSlot slot, Submission submission)
    {
        if (devices.IsDraining)
        {
            throw new RequestRefusedException(RefusalReason.Stopping, $"{slot.Key} is draining.", TryAgain);
        }

        var device = slot.Device;
        if (device is null || slot.Closed is not null)
        {
            throw new RequestRefusedException(RefusalReason.Stopping, slot.Closed ?? $"{slot.Key} is not open.", TryAgain);
        }

        if (slot.IsOutOfService && !submission.HasBegun)
        {
            throw new RequestRefusedException(RefusalReason.Stopping, $"{slot.Key} is drained by an operator.", TryAgain);
        }

        if (!submission.HasBegun && slot.Loading is { } other)
        {
            throw new RequestRefusedException(RefusalReason.Stopping, $"{slot.Key} is to serve '{other}'.", TryAgain);
        }

        if (!submission.HasBegun && slot.LacksPower)
        {
            throw new RequestRefusedException(RefusalReason.Overloaded, $"{slot.Key} is drained for want of power.", TryAgain);
        }

        device.Submit(submission);
    }

    private SubmissionReply Reply(DeviceKey device, Refusal? refusal) => new()
    {
        Device = device.ToString(),
        Owner = silo.SiloAddress,
        Refusal = refusal,
        ReportSequence = devices.ReportSequence,
    };
}
