namespace Crescent.Engine.Devices;

/// <summary>
/// Something that runs a model: a CPU, a GPU or a simulation of one. Only its engine's thread calls it.
/// </summary>
/// <remarks>
/// Steps are done in the order in which they were begun, as if one after the other: a step sees what those before it have written. A device that has
/// thrown has no step in flight any more.
/// </remarks>
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
    /// Begins to run every slice of <paramref name="plan"/> one step on: to write the keys and values of its tokens into the blocks of its
    /// table and to compute the logits and hidden states it wants. Returns at once where <see cref="DeviceInfo.StepsInFlight"/> is not 0, else when
    /// it is done.
    /// </summary>
    /// <param name="plan">It stays as it is until the step's end.</param>
    void Begin(StepPlan plan);

    /// <summary>Waits for the end of the step that was begun first of those in flight.</summary>
    /// <returns>
    /// Logits, which the caller may overwrite, and hidden states: owned by the device and valid until the next end, or, where none is in flight, until the next
    /// beginning.
    /// </returns>
    StepResult End();

    /// <summary>
    /// Copies all of a KV block, every layer, over another: the tail of a forked sequence. In the order of the steps: those begun before have written it.
    /// </summary>
    void CopyBlock(int from, int to) => throw new NotSupportedException($"Device {Info.Name} cannot copy KV blocks.");

    /// <summary>Copies a KV block out; <paramref name="destination"/> has <see cref="DeviceInfo.BlockBytes"/> bytes.</summary>
    void ReadBlock(int block, Span<byte> destination) => throw new NotSupportedException($"Device {Info.Name} cannot read KV blocks.");

    /// <summary>Copies a KV block in, as <see cref="ReadBlock"/> gave it.</summary>
    void WriteBlock(int block, ReadOnlySpan<byte> source) => throw new NotSupportedException($"Device {Info.Name} cannot write KV blocks.");
}
