using System.Globalization;
using Crescent.Engine.Scheduling;

namespace Crescent.Silo.Configuration;

/// <summary>How each device shares its steps among requests. Section <c>Crescent:Scheduling</c>.</summary>
public sealed class SchedulingOptions : IChecked
{
    public const string Section = $"{Settings.Section}:Scheduling";
    public const int MinStepTokens = 16;
    public const int MaxStepTokens = 8192;
    public const int MaxMaxRunning = 8192;
    public const int MaxMaxWaiting = 1 << 20;
    public const double MaxItlMs = 60_000;
    public const double MinAgingSeconds = 0.1;
    public const double MaxAgingSeconds = 3600;
    public const double MinHoldSeconds = 1;
    public const double MaxHoldSeconds = 3600;

    /// <summary>Most tokens of a step, prompts and outputs together; 0 for what suits the device.</summary>
    public int StepTokens { get; set; }

    /// <summary>Most sequences in the batch; 0 for what suits the device.</summary>
    public int MaxRunning { get; set; }

    /// <summary>Most sequences that wait at a device; 0 for what suits the device.</summary>
    public int MaxWaiting { get; set; }

    /// <summary>The part of a step's room for prompts that one prompt takes while others want some.</summary>
    public double PromptShare { get; set; } = EngineOptions.DefaultPromptShare;

    /// <summary>Time between tokens that prompts leave to sequences of the interactive and standard classes, ms; 0 for no promise.</summary>
    public double ItlMs { get; set; } = EngineOptions.DefaultItlSeconds * 1000;

    /// <summary>The same for the batch class.</summary>
    public double BatchItlMs { get; set; } = EngineOptions.DefaultBatchItlSeconds * 1000;

    /// <summary>Waiting time that lifts a request by one class, s.</summary>
    public double AgingSeconds { get; set; } = EngineOptions.DefaultAging.TotalSeconds;

    /// <summary>Which of a tenant's calls of one class goes first.</summary>
    public QueueOrder QueueOrder { get; set; } = QueueOrder.Program;

    /// <summary>Whether what a program has left in the cache is evicted after other content while its next call is expected.</summary>
    public bool KeepPrograms { get; set; } = true;

    /// <summary>Whether batch calls of programs are held while memory or watts are short.</summary>
    public bool HoldBatch { get; set; } = true;

    /// <summary>A call is held no longer than this, s.</summary>
    public double HoldSeconds { get; set; } = EngineOptions.DefaultLongestHold.TotalSeconds;

    /// <summary>Whether blocks are kept by their content for later prompts that begin alike.</summary>
    public bool PrefixCache { get; set; } = true;

    /// <summary>Share of the KV blocks that a new sequence leaves free for those that run.</summary>
    public double Watermark { get; set; } = EngineOptions.DefaultWatermark;

    /// <summary>Weights of tenants that are to get more or less than others, by name; those not named have 1.</summary>
    public Dictionary<string, double> Tenants { get; set; } = new(StringComparer.Ordinal);

    /// <summary>The options of an engine, with what suits its device where nothing is set.</summary>
    public EngineOptions Engine(int stepTokens, int maxRunning, int maxWaiting) => new()
    {
        MaxStepTokens = StepTokens > 0 ? StepTokens : stepTokens,
        MaxRunning = MaxRunning > 0 ? MaxRunning : maxRunning,

        // As many as a device like this one had when it was lost.
        MaxResumed = MaxRunning > 0 ? MaxRunning : maxRunning,
        MaxWaiting = MaxWaiting > 0 ? MaxWaiting : maxWaiting,
        PromptShare = PromptShare,
        ItlSeconds = Seconds(ItlMs),
        BatchItlSeconds = Seconds(BatchItlMs),
        Aging = TimeSpan.FromSeconds(AgingSeconds),
        QueueOrder = QueueOrder,
        KeepsPrograms = KeepPrograms,
        HeldFrom = HoldBatch ? RequestPriority.Batch : null,
        LongestHold = TimeSpan.FromSeconds(HoldSeconds),
        PrefixCache = PrefixCache,
        Watermark = Watermark,
        TenantWeights = Tenants,
    };

    public IEnumerable<string> Problems()
    {
        foreach (var (setting, value, least, most, zero) in new (Setting, double, double, double, string?)[]
        {
            (Settings.StepTokens, StepTokens, MinStepTokens, MaxStepTokens, "the device's choice"),
            (Settings.MaxRunning, MaxRunning, 1, MaxMaxRunning, "the device's choice"),
            (Settings.MaxWaiting, MaxWaiting, 1, MaxMaxWaiting, "the device's choice"),
            (Settings.PromptShare, PromptShare, EngineOptions.MinPromptShare, 1, null),
            (Settings.ItlMs, ItlMs, 1, MaxItlMs, "no promise"),
            (Settings.BatchItlMs, BatchItlMs, 1, MaxItlMs, "no promise"),
            (Settings.AgingSeconds, AgingSeconds, MinAgingSeconds, MaxAgingSeconds, null),
            (Settings.HoldSeconds, HoldSeconds, MinHoldSeconds, MaxHoldSeconds, null),
            (Settings.Watermark, Watermark, 0, EngineOptions.MaxWatermark, null),
        })
        {
            if (!(value >= least && value <= most) && (zero is null || value != 0))
            {
                yield return Settings.OutOfRange(setting, Text(value), $"{(zero is null ? "" : $"0 ({zero}) or ")}{Text(least)} to {Text(most)}");
            }
        }

        foreach (var (tenant, weight) in Tenants)
        {
            if (!(weight >= EngineOptions.MinTenantWeight && weight <= EngineOptions.MaxTenantWeight))
            {
                yield return $"{Section}:{nameof(Tenants)}:{tenant} is '{Text(weight)}'; it takes {Text(EngineOptions.MinTenantWeight)} to {Text(EngineOptions.MaxTenantWeight)}.";
            }
        }
    }

    private static double Seconds(double milliseconds) => milliseconds == 0 ? double.PositiveInfinity : milliseconds / 1000;

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);
}
