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

    /// <summary>Copies all of a KV block, every layer, over another, at once.</summary>
    void CopyBlock(int from, int to) => throw new NotSupportedException($"Device {Info.Name} cannot copy KV blocks.");

    /// <summary>Copies a state over another, at once.</summary>
    void CopyState(int from, int to) => throw new NotSupportedException($"Device {Info.Name} keeps no states.");

    /// <summary>
    /// Queues copies of KV blocks and states. They are done in their order, after the steps that were begun before. A step that is begun after them finds those within the
    /// device done, and overwrites nothing before it is copied out; the engine lets none use what is not copied in yet.
    /// </summary>
    /// <remarks>By itself it copies at once. Where it throws at a single copy, that is not queued.</remarks>
    unsafe void BeginCopies(ReadOnlySpan<KvCopy> copies)
    {
        foreach (var copy in copies)
        {
            var host = new Span<byte>((void*)copy.Host, copy.Bytes(Info));
            switch (copy.Kind)
            {
                case KvCopyKind.ToHost:
                    ReadBlock(copy.Block, host);
                    break;
                case KvCopyKind.FromHost:
                    WriteBlock(copy.Block, host);
                    break;
                case KvCopyKind.State:
                    CopyState(copy.Source, copy.Block);
                    break;
                case KvCopyKind.StateToHost:
                    ReadState(copy.Block, copy.Offset, host);
                    break;
                case KvCopyKind.StateFromHost:
                    WriteState(copy.Block, copy.Offset, host);
                    break;
                default:
                    CopyBlock(copy.Source, copy.Block);
                    break;
            }
        }
    }

    /// <summary>Copies that are done, of all that were queued since the start; at least as many as were queued where they are done at once.</summary>
    long CopiesDone => long.MaxValue;

    /// <summary>Waits until <see cref="CopiesDone"/> has grown; some must be queued.</summary>
    void WaitForCopy()
    {
    }

    /// <summary>Says that copies are from and to this memory of the host's, as many as there will be: a device may pin it, so that it copies by itself.</summary>
    /// <param name="address">First byte.</param>
    /// <param name="bytes">Bytes.</param>
    /// <returns>Lets the memory go, before it is given back and once all copies are done; null where there is nothing to let go.</returns>
    IDisposable? PinHost(nint address, long bytes) => null;

    /// <summary>Copies a KV block out, at once; <paramref name="destination"/> has <see cref="DeviceInfo.BlockBytes"/> bytes.</summary>
    void ReadBlock(int block, Span<byte> destination) => throw new NotSupportedException($"Device {Info.Name} cannot read KV blocks.");

    /// <summary>Copies a KV block in, at once, as <see cref="ReadBlock"/> gave it.</summary>
    void WriteBlock(int block, ReadOnlySpan<byte> source) => throw new NotSupportedException($"Device {Info.Name} cannot write KV blocks.");

    /// <summary>Copies bytes of a state out, at once, from <paramref name="offset"/> on.</summary>
    void ReadState(int state, long offset, Span<byte> destination) => throw new NotSupportedException($"Device {Info.Name} cannot read states.");

    /// <summary>Copies bytes of a state in, at once, as <see cref="ReadState"/> gave them.</summary>
    void WriteState(int state, long offset, ReadOnlySpan<byte> source) => throw new NotSupportedException($"Device {Info.Name} cannot write states.");
}
