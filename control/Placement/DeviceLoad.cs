using Crescent.Engine.Devices;

namespace Crescent.Control.Placement;

/// <summary>How busy a device is, as it was last heard.</summary>
public readonly record struct DeviceLoad
{
    /// <summary>Sequences that wait.</summary>
    public int Waiting { get; init; }

    /// <summary>Sequences in the batch.</summary>
    public int Running { get; init; }

    /// <summary>Prompt tokens not computed yet, of waiting and running sequences.</summary>
    public int QueuedPromptTokens { get; init; }

    /// <summary>The same in seconds at full clock, by the device's profile; 0 where it only counts tokens.</summary>
    public double QueuedPromptSeconds { get; init; }

    /// <summary>KV blocks to be had now.</summary>
    public int FreeBlocks { get; init; }

    /// <summary>KV blocks in all.</summary>
    public int TotalBlocks { get; init; }

    /// <summary>KV blocks that the device's sequences take at their longest.</summary>
    public int CommittedBlocks { get; init; }

    /// <summary>How many KV blocks sequences hold.</summary>
    public KvDemand Demand { get; init; }

    /// <summary>Positions in a KV block.</summary>
    public int BlockSize { get; init; }

    /// <summary>Positions a sequence may have.</summary>
    public int MaxContext { get; init; }

    /// <summary>Most tokens in a step.</summary>
    public int MaxStepTokens { get; init; }

    /// <summary>Smoothed duration of a step, s; 0 before the first.</summary>
    public double StepSeconds { get; init; }

    /// <summary>Prompt tokens computed since start: those found in a cache do not count.</summary>
    public long ComputedPromptTokens { get; init; }

    /// <summary>The same in seconds at full clock, by the device's profile; 0 where it only counts tokens.</summary>
    public double ComputedPromptSeconds { get; init; }

    /// <summary>Power as metered, W.</summary>
    public double Watts { get; init; }

    /// <summary>Power cap in force, W.</summary>
    public double CapWatts { get; init; }

    /// <summary>Prompts not computed yet, in seconds at full clock.</summary>
    public double QueuedSeconds(DeviceProfile profile) => QueuedPromptSeconds > 0 ? QueuedPromptSeconds : QueuedPromptTokens * profile.PromptSeconds;

    /// <summary>Prompts computed since start, in seconds at full clock.</summary>
    public double ComputedSeconds(DeviceProfile profile) => ComputedPromptSeconds > 0 ? ComputedPromptSeconds : ComputedPromptTokens * profile.PromptSeconds;

    /// <summary>All prompts that have come since start, computed or queued, in seconds at full clock.</summary>
    public double ArrivedSeconds(DeviceProfile profile) => ComputedSeconds(profile) + QueuedSeconds(profile);

    /// <summary>Positions that the device can give one sequence.</summary>
    public int Positions => (int)Math.Min(MaxContext, Demand.SpansIn(TotalBlocks) * BlockSize);

    /// <summary>Positions of context that its sequences have, about.</summary>
    public double Context => Demand.SpansHeld(TotalBlocks - FreeBlocks, Running) * BlockSize;

    /// <summary>Positions of context for which it has room, in sequences of the length that a sequence can have at the most.</summary>
    public double Room => (double)Demand.SpansHeld(TotalBlocks, (double)TotalBlocks / Math.Max(1, Demand.BlocksFor((Positions + BlockSize - 1) / BlockSize))) * BlockSize;

    /// <summary>Blocks that a sequence of <paramref name="positions"/> positions holds at the most.</summary>
    public int BlocksFor(long positions) => (int)Demand.BlocksFor((positions + BlockSize - 1) / BlockSize);
}
