namespace Crescent.Engine.Devices;

/// <summary>
/// Something that runs a model: a CPU, a GPU or a simulation of one. Only its engine's thread calls it.
/// </summary>
public interface IDevice : IDisposable
{
    /// <summary>What it is and what it can hold; constant.</summary>
    DeviceInfo Info { get; }

    /// <summary>
    /// Runs every slice of <paramref name="plan"/> one step on: writes the keys and values of its tokens into the blocks of its
    /// table and computes the logits it wants.
    /// </summary>
    /// <returns>The logits, owned by the device and valid until the next call, which the caller may overwrite.</returns>
    StepResult Execute(StepPlan plan);
}
