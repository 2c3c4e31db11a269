namespace Crescent.Engine.Devices;

/// <summary>
/// Something that runs a model: a CPU, a GPU or a simulation of one. Only its engine's thread calls it.
/// </summary>
public interface IDevice : IDisposable
{
    /// <summary>What it is and what it can hold; constant.</summary>
    DeviceInfo Info { get; }

    /// <summary>
    /// What draws tokens from the logits of the last step; null for a device that gives tokens, and for one whose logits the engine draws from on
    /// its own thread.
    /// </summary>
    IDeviceSampler? Sampler => null;

    /// <summary>
    /// Runs every slice of <paramref name="plan"/> one step on: writes the keys and values of its tokens into the blocks of its
    /// table and computes the logits and hidden states it wants.
    /// </summary>
    /// <returns>Logits, which the caller may overwrite, and hidden states: owned by the device and valid until the next call.</returns>
    StepResult Execute(StepPlan plan);

    /// <summary>Copies all of a KV block, every layer, over another: the tail of a forked sequence.</summary>
    void CopyBlock(int from, int to) => throw new NotSupportedException($"Device {Info.Name} cannot copy KV blocks.");

    /// <summary>Copies a KV block out; <paramref name="destination"/> has <see cref="DeviceInfo.BlockBytes"/> bytes.</summary>
    void ReadBlock(int block, Span<byte> destination) => throw new NotSupportedException($"Device {Info.Name} cannot read KV blocks.");

    /// <summary>Copies a KV block in, as <see cref="ReadBlock"/> gave it.</summary>
    void WriteBlock(int block, ReadOnlySpan<byte> source) => throw new NotSupportedException($"Device {Info.Name} cannot write KV blocks.");
}
