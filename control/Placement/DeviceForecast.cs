namespace Crescent.Control.Placement;

/// <summary>
/// What one more call would meet on a device and add to it, as far as that does not depend on the call: made anew whenever the device's
/// state changes, so that a decision over a thousand devices is a few operations each.
/// </summary>
public readonly record struct DeviceForecast
{
    /// <summary>Share of the time that prompts may take before the time between tokens is as good as infinite.</summary>
    public const double MostPromptShare = 0.95;

    /// <summary>Time over which a burst of prompts is seen, s.</summary>
    public const double BurstSeconds = 0.75;

    /// <summary>Until a new prompt is begun, s: what is queued before it, and half of the step in progress.</summary>
    public double QueueSeconds { get; init; }

    /// <summary>What the prompts that wait take by themselves, s.</summary>
    public double QueuedPromptSeconds { get; init; }

    /// <summary>What a prompt token takes at the clock in force, s, decode beside it included.</summary>
    public double PromptSeconds { get; init; }

    /// <summary>The same for a pair of positions in its attention, s.</summary>
    public double PromptPairSeconds { get; init; }

    /// <summary>A decode step with one sequence more, s.</summary>
    public double StepSeconds { get; init; }

    /// <summary>What each position of context adds to it, s.</summary>
    public double ContextSeconds { get; init; }

    /// <summary>Share of the time that goes to prompts, 0 to 0.95.</summary>
    public double PromptShare { get; init; }

    /// <summary>The same without bursts: of the last seconds.</summary>
    public double LastingShare { get; init; }

    /// <summary>Clock of prompts under the cap in force, as a share of the highest.</summary>
    public double PromptClock { get; init; }

    /// <summary>What of it goes to prompts that were placed on the device since its report, as a burst.</summary>
    public double UnseenShare { get; init; }

    /// <summary>Energy that one more sequence adds to a step, J.</summary>
    public double StepJoules { get; init; }

    /// <summary>Power of a prompt at the clock in force, above idle, W.</summary>
    public double PromptWatts { get; init; }

    /// <summary>What the device draws now, by its profile, above idle, W.</summary>
    public double DrawnWatts { get; init; }

    /// <summary>Power of decode with one sequence more, above idle, W.</summary>
    public double DecodeWatts { get; init; }

    /// <summary>Power by which a device outdraws its idle self as soon as one sequence runs, W.</summary>
    public double AwakeWatts { get; init; }

    /// <summary>Sequences that run, wait or are on their way.</summary>
    public int Batch { get; init; }

    /// <summary>Calls that have no first token yet.</summary>
    public int Queued { get; init; }

    /// <summary>Prompt tokens that wait before a new prompt.</summary>
    public long QueuedPromptTokens { get; init; }

    /// <summary>Positions in a KV block.</summary>
    public int BlockSize { get; init; }

    /// <summary>Positions that the device can give one sequence.</summary>
    public long Positions { get; init; }

    /// <summary>Positions of the KV blocks that are free and not promised.</summary>
    public long FreePositions { get; init; }

    /// <summary>Positions of the KV blocks that are in use or promised.</summary>
    public long UsedPositions { get; init; }

    /// <summary>Positions of all KV blocks.</summary>
    public long TotalPositions { get; init; }

    /// <summary>The forecast for <paramref name="device"/>.</summary>
    /// <param name="device">Its state.</param>
    /// <param name="lasting">Whether a burst is taken to pass, so that only the share of prompts over some seconds counts.</param>
    public static DeviceForecast Of(in DeviceState device, bool lasting = false)
    {
        var profile = device.Profile;
        var load = device.Load;
        var cap = load.CapWatts > 0 ? load.CapWatts : profile.MaxCapWatts;
        var batch = device.Sequences + (lasting ? 0 : device.OthersCalls);
        var promptClock = profile.PrefillClock(cap);
        var decodeClock = profile.DecodeClock(cap, batch + 1);
        var context = load.Context;
        var now = batch == 0 ? 0 : profile.DecodeSeconds(batch, context, decodeClock);
        var next = profile.DecodeSeconds(batch + 1, context, decodeClock);
        var unseen = device.UnseenPromptSeconds + (lasting ? 0 : device.OthersPromptSeconds);
        var queued = load.QueuedPromptTokens + device.UnseenPromptTokens + (lasting ? 0 : device.OthersPromptTokens);
        var queuedSeconds = (load.QueuedSeconds(profile) + unseen) / promptClock;
        var perToken = profile.PromptSeconds / promptClock;

        // Each step's budget of prompt tokens comes with a decode step of the sequences beside it.
        var chunk = Math.Max(1, load.MaxStepTokens - batch);
        var share = Math.Min(MostPromptShare, (lasting
            ? device.PromptShare
            : Math.Max(device.PromptShare, device.BurstShare) + (unseen / BurstSeconds)) / promptClock);
        var idle = profile.IdleWatts;
        var more = profile.DecodeWatts(batch + 1, decodeClock) - idle;
        var decode = batch == 0 ? 0 : profile.DecodeWatts(batch, decodeClock) - idle;
        var prompt = profile.PrefillWattsAt(promptClock) - idle;
        return new DeviceForecast
        {
            QueueSeconds = queuedSeconds + (queued * now / chunk) + (now / 2),
            QueuedPromptSeconds = queuedSeconds,
            PromptSeconds = perToken + (next / chunk),
            PromptPairSeconds = profile.PromptPairSeconds / promptClock,
            StepSeconds = next,
            ContextSeconds = profile.ContextSeconds * profile.DecodeStretch(decodeClock),
            PromptShare = share,
            UnseenShare = unseen / BurstSeconds / promptClock,
            LastingShare = Math.Min(MostPromptShare, device.PromptShare / promptClock),
            PromptClock = promptClock,
            StepJoules = (more * next) - (decode * now),
            PromptWatts = prompt,
            DrawnWatts = (share * prompt) + ((1 - share) * decode),
            DecodeWatts = more,
            AwakeWatts = profile.DecodeWatts(1, decodeClock) - idle,
            Batch = batch,
            Queued = load.Waiting + device.UnseenCalls,
            QueuedPromptTokens = queued,
            BlockSize = load.BlockSize,
            Positions = load.Positions,
            FreePositions = load.Demand.SpansIn(device.RoomNow) * load.BlockSize,
            UsedPositions = (long)(load.Demand.SpansHeld(load.TotalBlocks - load.FreeBlocks + device.UnseenBlocks, batch) * load.BlockSize),
            TotalPositions = (long)(load.Demand.SpansHeld(load.TotalBlocks, batch + 1) * load.BlockSize),
        };
    }
}
