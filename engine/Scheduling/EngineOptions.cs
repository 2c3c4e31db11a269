using System.Collections.Frozen;

namespace Crescent.Engine.Scheduling;

/// <summary>Limits of an engine, and how it shares its steps.</summary>
public sealed record EngineOptions
{
    public const int DefaultMaxStepTokens = 512;
    public const int DefaultMaxRunning = 64;
    public const int DefaultMaxWaiting = 1024;
    public const int DefaultKvEventBacklog = 8192;
    public const double DefaultPromptShare = 0.5;
    public const double MinPromptShare = 0.05;
    public const double DefaultItlSeconds = 0.05;
    public const double DefaultBatchItlSeconds = 0.2;
    public const double DefaultWatermark = 0.01;
    public const double MaxWatermark = 0.5;
    public const double DefaultTenantWeight = 1;
    public const double MinTenantWeight = 0.01;
    public const double MaxTenantWeight = 100;
    public static readonly TimeSpan DefaultAging = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan DefaultLongestHold = TimeSpan.FromMinutes(5);

    /// <summary>Token budget of a step, prefill and decode together; 1 and up, bounded by the device.</summary>
    public int MaxStepTokens { get; init; } = DefaultMaxStepTokens;

    /// <summary>Most sequences in the batch; 1 and up, bounded by the device's rows of logits and the tokens of a step.</summary>
    public int MaxRunning { get; init; } = DefaultMaxRunning;

    /// <summary>
    /// Places in the batch beyond <see cref="MaxRunning"/> for sequences that have begun elsewhere (<see cref="InferenceRequest.ResumedTokens"/>): their readers
    /// wait in the middle of an answer, and the places of a device that was lost are nobody else's. 0 and up, bounded as <see cref="MaxRunning"/> is.
    /// </summary>
    public int MaxResumed { get; init; }

    /// <summary>Most sequences that wait; one more is refused as overload; 0 and up.</summary>
    public int MaxWaiting { get; init; } = DefaultMaxWaiting;

    /// <summary>
    /// Chunk limit: the part of a step's room for prompts that one of them takes while others want some, <see cref="MinPromptShare"/> to 1.
    /// </summary>
    public double PromptShare { get; init; } = DefaultPromptShare;

    /// <summary>
    /// Time between two tokens that interactive and standard sequences are promised: a step in which one of them decodes takes no more prompt tokens than
    /// fit into it. Above 0, s; infinity for no promise.
    /// </summary>
    public double ItlSeconds { get; init; } = DefaultItlSeconds;

    /// <summary>The same for sequences of the batch class.</summary>
    public double BatchItlSeconds { get; init; } = DefaultBatchItlSeconds;

    /// <summary>Waiting time that lifts a request by one priority class, so that none starves; above 0.</summary>
    public TimeSpan Aging { get; init; } = DefaultAging;

    /// <summary>Which of a tenant's calls of one class goes first.</summary>
    public QueueOrder QueueOrder { get; init; } = QueueOrder.Program;

    /// <summary>Shares of tenants that are to get more or less than others, by name; each <see cref="MinTenantWeight"/> to <see cref="MaxTenantWeight"/>, those not named 1.</summary>
    public IReadOnlyDictionary<string, double> TenantWeights { get; init; } = FrozenDictionary<string, double>.Empty;

    /// <summary>Whether blocks are kept by their content for later prompts that begin alike.</summary>
    public bool PrefixCache { get; init; } = true;

    /// <summary>Whether what a program has left in the cache is evicted after other content while its next call is expected.</summary>
    public bool KeepsPrograms { get; init; } = true;

    /// <summary>
    /// The highest class whose calls are held back between two steps of a program while memory or watts are short; null for none.
    /// </summary>
    public RequestPriority? HeldFrom { get; init; } = RequestPriority.Batch;

    /// <summary>Memory is short when this share of the blocks is held or expected to be used again; above 0, at most 1.</summary>
    public double HoldMemoryAbove { get; init; } = 0.9;

    /// <summary>It is so until the share has fallen to this; 0 to <see cref="HoldMemoryAbove"/>.</summary>
    public double HoldMemoryUntil { get; init; } = 0.8;

    /// <summary>Watts are short when the governor's price of power is this high; above 0, points.</summary>
    public double HoldPriceAbove { get; init; } = 10;

    /// <summary>They are so until the price has fallen to this; 0 to <see cref="HoldPriceAbove"/>.</summary>
    public double HoldPriceUntil { get; init; } = 5;

    /// <summary>A call is held no longer than this; above 0.</summary>
    public TimeSpan LongestHold { get; init; } = DefaultLongestHold;

    /// <summary>Share of all blocks that stays free when a sequence is admitted beside others, so that those can go on; 0 to <see cref="MaxWatermark"/>.</summary>
    public double Watermark { get; init; } = DefaultWatermark;

    /// <summary>How keys and values are made and stored: part of what cached blocks are known by.</summary>
    public string KvType { get; init; } = "f16";

    /// <summary>Blocks of host memory for what the device evicts; 0 for no host tier.</summary>
    public int HostBlocks { get; init; }

    /// <summary>A file to keep the host tier in; null for memory.</summary>
    public string? HostPath { get; init; }

    /// <summary>Cache events that wait to be handed over; more than that and the oldest are dropped; 1 and up.</summary>
    public int KvEventBacklog { get; init; } = DefaultKvEventBacklog;

    /// <summary>The time between tokens that a class is promised, s.</summary>
    public double ItlOf(RequestPriority priority) => priority == RequestPriority.Batch ? BatchItlSeconds : ItlSeconds;

    /// <summary>Throws when a value is out of its range.</summary>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxStepTokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(MaxRunning);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxResumed);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxWaiting);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(Aging, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfNegative(HostBlocks);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(KvEventBacklog);
        Check(nameof(PromptShare), PromptShare, MinPromptShare, 1);
        Check(nameof(ItlSeconds), ItlSeconds, double.Epsilon, double.PositiveInfinity);
        Check(nameof(BatchItlSeconds), BatchItlSeconds, double.Epsilon, double.PositiveInfinity);
        Check(nameof(Watermark), Watermark, 0, MaxWatermark);
        Check(nameof(HoldMemoryAbove), HoldMemoryAbove, double.Epsilon, 1);
        Check(nameof(HoldMemoryUntil), HoldMemoryUntil, 0, HoldMemoryAbove);
        Check(nameof(HoldPriceAbove), HoldPriceAbove, double.Epsilon, double.PositiveInfinity);
        Check(nameof(HoldPriceUntil), HoldPriceUntil, 0, HoldPriceAbove);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(LongestHold, TimeSpan.Zero);
        foreach (var (tenant, weight) in TenantWeights)
        {
            Check($"{nameof(TenantWeights)}[{tenant}]", weight, MinTenantWeight, MaxTenantWeight);
        }
    }

    private static void Check(string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} of an engine is {least} to {most}.");
        }
    }
}
