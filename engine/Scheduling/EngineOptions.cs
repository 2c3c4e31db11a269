namespace Crescent.Engine.Scheduling;

/// <summary>Limits of an engine.</summary>
public sealed record EngineOptions
{
    public const int DefaultMaxStepTokens = 512;
    public const int DefaultMaxRunning = 64;
    public const int DefaultMaxWaiting = 1024;
    public const int DefaultKvEventBacklog = 8192;
    public static readonly TimeSpan DefaultAging = TimeSpan.FromSeconds(10);

    /// <summary>Token budget of a step, prefill and decode together; 1 and up, bounded by the device.</summary>
    public int MaxStepTokens { get; init; } = DefaultMaxStepTokens;

    /// <summary>Most sequences in the batch; 1 and up, bounded by the device's rows of logits.</summary>
    public int MaxRunning { get; init; } = DefaultMaxRunning;

    /// <summary>Most sequences that wait; one more is refused as overload; 0 and up.</summary>
    public int MaxWaiting { get; init; } = DefaultMaxWaiting;

    /// <summary>Waiting time that lifts a request by one priority class, so that none starves; above 0.</summary>
    public TimeSpan Aging { get; init; } = DefaultAging;

    /// <summary>Whether blocks are kept by their content for later prompts that begin alike.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>How keys and values are made and stored: part of what cached blocks are known by.</summary>
    public string KvType { get; init; } = "f16";

    /// <summary>Blocks of host memory for what the device evicts; 0 for no host tier.</summary>
    public int HostBlocks { get; init; }

    /// <summary>A file to keep the host tier in; null for memory.</summary>
    public string? HostPath { get; init; }

    /// <summary>Cache events that wait to be handed over; more than that and the oldest are dropped; 1 and up.</summary>
    public int KvEventBacklog { get; init; } = DefaultKvEventBacklog;

    /// <summary>Throws when a value is out of its range.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxStepTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxRunning);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxWaiting);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Aging, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(HostBlocks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(KvEventBacklog);
    }
}
