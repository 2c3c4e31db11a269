namespace Crescent.Engine.Devices;

/// <summary>What a device is and what it can hold.</summary>
public sealed record DeviceInfo
{
    /// <summary>Name within its silo, such as <c>cpu</c>, <c>cuda:0</c>, <c>sim:h100-sxm:3</c>.</summary>
    public required string Name { get; init; }

    /// <summary>For a human: processor and instruction set, GPU model.</summary>
    public required string Description { get; init; }

    /// <summary>What it rounds activations to, such as <c>int8</c>: answers of devices that differ here may differ. Empty when simulated.</summary>
    public string Activations { get; init; } = "";

    /// <summary>True when its timing, power or tokens are modelled; shown wherever its numbers are.</summary>
    public bool Simulated { get; init; }

    /// <summary>False when it does not look at block tables, so that plans leave them out.</summary>
    public bool ReadsBlockTables { get; init; } = true;

    /// <summary>Positions in a KV block: a power of two, <see cref="KvBlockSize.Least"/> to <see cref="KvBlockSize.Most"/>.</summary>
    public required int BlockSize { get; init; }

    /// <summary>
    /// Steps that it works at while its engine does something else. 0: it does a step before <see cref="IDevice.Begin"/> returns. 1: one, while the engine
    /// puts out what the step before gave. 2: another may be begun meanwhile, whose tokens are partly still to be drawn
    /// (<see cref="StepPlan.AddDrawn"/>); it then draws by itself, see <see cref="IDeviceSampler.Begin"/>.
    /// </summary>
    public int StepsInFlight { get; init; }

    /// <summary>KV blocks it holds, for all groups of layers together; block ids are 0 to this less one.</summary>
    public required int BlockCount { get; init; }

    /// <summary>Bytes of one KV block: of all layers of a group.</summary>
    public required long BlockBytes { get; init; }

    /// <summary>
    /// Groups of layers that keep blocks of their own of each sequence, and how far each sees: at least one, the first of which sees all positions. A block may be
    /// any group's. See <see cref="KvPartition"/>.
    /// </summary>
    public IReadOnlyList<KvReach> KvGroups { get; init; } = [default];

    /// <summary>States of sequences that it holds, for models whose layers keep one beside or instead of keys and values; 0 for others.</summary>
    public int StateSlots { get; init; }

    /// <summary>Bytes of one state.</summary>
    public long StateBytes { get; init; }

    /// <summary>Modelled time of a copy of a block to or from the host, s; 0 where copies take their own time.</summary>
    public double BlockCopySeconds { get; init; }

    /// <summary>Most tokens in a step.</summary>
    public required int MaxStepTokens { get; init; }

    /// <summary>Most rows of logits in a step.</summary>
    public required int MaxLogitRows { get; init; }

    /// <summary>Positions a sequence may have.</summary>
    public required int MaxContext { get; init; }

    /// <summary>Tokens in the vocabulary: floats in a row of logits.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Floats in a hidden state; 0 when it has none to give, as a simulated device.</summary>
    public int HiddenSize { get; init; }

    /// <summary>Floats of the hidden state with which each token comes, on a device of a head for multi-token prediction (<see cref="StepPlan.AddInput"/>); 0 for a whole model.</summary>
    public int InputSize { get; init; }

    /// <summary>The node that it stands in; null for that of its silo.</summary>
    public string? Node { get; init; }

    /// <summary>The rack that it stands in; null for that of its silo.</summary>
    public string? Rack { get; init; }

    /// <summary>What it costs in seconds and watts; null where that is only known by measuring.</summary>
    public DeviceProfile? Profile { get; init; }

    /// <summary>Refuses a block that the device does not have.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It has not.</exception>
    public void CheckBlock(int block)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(block);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(block, BlockCount);
    }

    /// <summary>Refuses a plan that the device cannot do: what it computes reads and writes memory by the plan's numbers.</summary>
    /// <exception cref="ArgumentException">It cannot; the message says why.</exception>
    public void Check(StepPlan plan)
    {
        if (plan.BlockSize.Positions != BlockSize)
        {
            throw new ArgumentException($"A plan of blocks of {plan.BlockSize.Positions} positions; those of device {Name} have {BlockSize}.", nameof(plan));
        }

        if (plan.AllTokens.Length > MaxStepTokens)
        {
            throw new ArgumentException($"{plan.AllTokens.Length} tokens in a step; the device takes {MaxStepTokens}.", nameof(plan));
        }

        if (plan.LogitsRowCount > MaxLogitRows)
        {
            throw new ArgumentException($"{plan.LogitsRowCount} rows of logits in a step; the device gives {MaxLogitRows}.", nameof(plan));
        }

        if (plan.Inputs.Length != (long)plan.AllTokens.Length * InputSize)
        {
            throw new ArgumentException($"{plan.AllTokens.Length} tokens come with {plan.Inputs.Length} values of hidden states; device {Name} takes {InputSize} for each.", nameof(plan));
        }

        foreach (var token in plan.AllTokens)
        {
            if ((uint)token >= (uint)VocabularySize)
            {
                throw new ArgumentException($"Token {token} is not in the vocabulary of {VocabularySize}.", nameof(plan));
            }
        }

        if (plan.Groups != KvGroups.Count)
        {
            throw new ArgumentException($"A plan of {plan.Groups} groups of layers; device {Name} has {KvGroups.Count}.", nameof(plan));
        }

        for (var i = 0; i < plan.Slices.Length; i++)
        {
            ref readonly var slice = ref plan.Slices[i];
            var end = slice.StartPosition + slice.TokenCount;
            if (end > MaxContext)
            {
                throw new ArgumentException($"A slice ends at position {end}; the context is {MaxContext}.", nameof(plan));
            }

            if (StateSlots > 0 && (uint)slice.StateSlot >= (uint)StateSlots)
            {
                throw new ArgumentException($"State {slice.StateSlot} is not one of {StateSlots}.", nameof(plan));
            }

            if (slice.SpareSlot >= StateSlots || (slice.SpareSlot >= 0 && slice.SpareSlot == slice.StateSlot))
            {
                throw new ArgumentException($"State {slice.SpareSlot} is not one of {StateSlots} beside {slice.StateSlot}.", nameof(plan));
            }

            if (slice.SpareSlot >= 0 && slice.SpareAfter > slice.TokenCount)
            {
                throw new ArgumentException($"A slice of {slice.TokenCount} tokens has no state after {slice.SpareAfter} to keep.", nameof(plan));
            }

            for (var group = 0; group < plan.Groups && ReadsBlockTables; group++)
            {
                CheckTable(plan.Table(i, group), group, slice.StartPosition, end);
            }
        }
    }

    private void CheckTable(GroupTable table, int group, int start, int end)
    {
        if (KvGroups[group].FirstSeen(start) < (long)table.First * BlockSize || (long)table.End * BlockSize < end)
        {
            throw new ArgumentException(
                $"Blocks {table.First} to {table.End} of group {group} do not hold what positions {start} to {end} see.", nameof(table));
        }

        foreach (var block in table.Blocks)
        {
            if ((uint)block >= (uint)BlockCount)
            {
                throw new ArgumentException($"Block {block} is not one of {BlockCount}.", nameof(table));
            }
        }
    }
}
