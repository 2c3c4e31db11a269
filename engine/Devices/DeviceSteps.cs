namespace Crescent.Engine.Devices;

/// <summary>Steps of a device that has nothing else in flight.</summary>
public static class DeviceSteps
{
    /// <summary>Runs a step from its beginning to its end; see <see cref="IDevice.Begin"/> and <see cref="IDevice.End"/>.</summary>
    public static StepResult Execute(this IDevice device, StepPlan plan)
    {
        ArgumentNullException.ThrowIfNull(device);
        device.Begin(plan);
        return device.End();
    }
}
