namespace Crescent.Engine.Devices.Simulated;

/// <summary>
/// How the memory beside a model's weights is shared out: blocks of equal size for groups of layers that see equally far, as on devices that compute, and states of sequences
/// where layers keep them.
/// </summary>
/// <param name="Groups">How far the layers of each group see.</param>
/// <param name="BlockBytes">Bytes of a block.</param>
/// <param name="Blocks">Blocks, of all groups together.</param>
/// <param name="StateSlots">States; 0 where no layer keeps one.</param>
/// <param name="StateBytes">Bytes of a state.</param>
internal sealed record SimulatedCaches(IReadOnlyList<KvReach> Groups, long BlockBytes, int Blocks, int StateSlots, long StateBytes)
{
    /// <summary>States for each sequence of <see cref="ModelShape.TypicalPositions"/> positions for which memory is shared out: one that runs and one that is kept.</summary>
    private const int StatesOfSequence = 2;

    /// <summary>The caches in so many bytes of memory.</summary>
    /// <param name="bytes">Memory of the group beside the weights.</param>
    /// <param name="spec">The GPUs.</param>
    /// <param name="model">The model.</param>
    /// <param name="blockSize">Positions in a block.</param>
    public static SimulatedCaches Of(double bytes, SimulatedDeviceSpec spec, ModelShape model, int blockSize)
    {
        var partition = Partition(spec, model, blockSize);
        var stateBytes = (long)model.SequenceStateBytes;
        var slots = Slots(bytes, model, spec.TensorParallel, spec.DataParallel);
        var blocks = (int)Math.Clamp((bytes - ((double)slots * stateBytes)) / partition.BlockBytes, 0, int.MaxValue / 2);
        return new SimulatedCaches(partition.Groups, partition.BlockBytes, blocks, slots, stateBytes);
    }

    /// <summary>Sequences of <paramref name="positions"/> positions that run at once in so many bytes of memory, with a state each where layers keep them.</summary>
    public static double Sequences(double bytes, ModelShape model, int gpus, bool dataParallel, int positions)
    {
        if (model.SequenceStateBytes == 0)
        {
            return bytes / model.KvBytesPerToken(gpus, dataParallel, positions) / positions;
        }

        var slots = Slots(bytes, model, gpus, dataParallel);
        var perSequence = (model.KvBytesPerToken(gpus, dataParallel, positions) * positions) - model.SequenceStateBytes;
        return Math.Min(slots, (bytes - (slots * model.SequenceStateBytes)) / perSequence);
    }

    /// <summary>The longest sequence that fits, in positions.</summary>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="stepTokens">Tokens of a step.</param>
    public long MostPositions(int blockSize, int stepTokens) => KvDemand.Of(Groups, new KvBlockSize(blockSize), stepTokens).SpansIn(Blocks) * blockSize;

    /// <summary>The groups of a model's layers that keep keys and values.</summary>
    public static KvPartition Partition(SimulatedDeviceSpec spec, ModelShape model, int blockSize)
    {
        var bytes = (long)(model.KvBytesPerLayer(spec.TensorParallel, spec.DataParallel) * blockSize);
        return KvPartition.Of(
            [.. Enumerable.Range(0, model.Layers - model.StateLayers).Select(layer => (layer < model.LocalLayers ? new KvReach(model.LocalWindow) : default, bytes))]);
    }

    private static int Slots(double bytes, ModelShape model, int gpus, bool dataParallel)
    {
        if (model.SequenceStateBytes == 0)
        {
            return 0;
        }

        var sequence = (ModelShape.TypicalPositions * model.KvBytesPerToken(gpus, dataParallel)) + ((StatesOfSequence - 1) * model.SequenceStateBytes);
        return (int)Math.Clamp(StatesOfSequence * bytes / sequence, StatesOfSequence, int.MaxValue / 2);
    }
}
