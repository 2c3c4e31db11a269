using Crescent.Engine.Sampling;

namespace Crescent.Engine.Devices;

/// <summary>
/// Draws tokens where a device's logits are, so that they need not be copied. It is the last thing that a device does in a step, and may be asked
/// several times in one: guesses that came true and tokens that an output's structure refused make further rounds.
/// </summary>
public interface IDeviceSampler
{
    /// <summary>
    /// Draws the tokens of <see cref="SamplingBatch.Rows"/> from the logits of the device's last step. A row's token is a function of its logits
    /// and of what the row says, whatever is beside it.
    /// </summary>
    void Sample(SamplingBatch batch);

    /// <summary>
    /// Queues the drawing of <see cref="SamplingBatch.Rows"/> behind the step that was begun last: they are drawn when <see cref="IDevice.End"/> gives that step,
    /// and a step that is begun after it finds the tokens. For a device with two steps in flight.
    /// </summary>
    /// <param name="batch">It stays as it is until then.</param>
    void Begin(SamplingBatch batch) => throw new NotSupportedException("This device draws tokens only from the logits of a step that has ended.");
}
