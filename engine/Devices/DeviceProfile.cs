namespace Crescent.Engine.Devices;

/// <summary>
/// What a device costs in seconds and watts, in a dozen numbers that fit in a report: enough to foresee what one more call adds to it.
/// Times are at full clock, watts of the whole device (all GPUs of a group).
/// </summary>
/// <remarks>
/// A step of B decoding sequences with C positions of context takes StepSeconds + B SequenceSeconds + C ContextSeconds; n prompt tokens
/// that start at position s add n PromptSeconds + n (s + n/2) PromptPairSeconds. At clock x (share of the highest) prompts take 1/x of their
/// time, and decode 1 + ClockShare (1/x - 1), from x = 0.55 down at least 0.55/x. Power at full clock is that of
/// <c>GpuPowerCurve</c>; at clock x it is StaticWatts + (P - StaticWatts) x^a.
/// </remarks>
public sealed record DeviceProfile
{
    /// <summary>Clock below which memory slows too, as a share of the highest.</summary>
    public const double MemoryKnee = 0.55;

    /// <summary>Exponent of the clock in prefill's power.</summary>
    public const double PrefillExponent = 2.4;

    /// <summary>Exponent of the clock in decode's power.</summary>
    public const double DecodeExponent = 1.7;

    /// <summary>Lowest clock a cap forces, as a share of the highest.</summary>
    public const double LowestClock = 0.2;

    /// <summary>A decode step of no sequences, s: the weights' way through memory.</summary>
    public required double StepSeconds { get; init; }

    /// <summary>What each decoding sequence adds to a step, s.</summary>
    public required double SequenceSeconds { get; init; }

    /// <summary>What each position of context adds to a decode step, s.</summary>
    public required double ContextSeconds { get; init; }

    /// <summary>What each prompt token adds, s.</summary>
    public required double PromptSeconds { get; init; }

    /// <summary>What each pair of positions in a prompt's attention adds, s.</summary>
    public double PromptPairSeconds { get; init; }

    /// <summary>Share of decode's time that the clock decides, 0 to 1.</summary>
    public double ClockShare { get; init; }

    /// <summary>Nothing runs and clocks are down, W.</summary>
    public required double IdleWatts { get; init; }

    /// <summary>Nothing runs, clocks still up, W.</summary>
    public required double AwakeWatts { get; init; }

    /// <summary>The part of a step's power that no clock lowers, W.</summary>
    public required double StaticWatts { get; init; }

    /// <summary>Decode draws DecodeBaseWatts + DecodeSpanWatts / (1 + e^-(log2 batch - DecodeMidpoint)).</summary>
    public required double DecodeBaseWatts { get; init; }

    /// <inheritdoc cref="DecodeBaseWatts"/>
    public double DecodeSpanWatts { get; init; }

    /// <inheritdoc cref="DecodeBaseWatts"/>
    public double DecodeMidpoint { get; init; }

    /// <summary>Prefill, W.</summary>
    public required double PrefillWatts { get; init; }

    /// <summary>Lowest cap, W; equal to <see cref="MaxCapWatts"/> where the device has no cap to set.</summary>
    public required double MinCapWatts { get; init; }

    /// <summary>Highest cap, W.</summary>
    public required double MaxCapWatts { get; init; }

    /// <summary>A decode step of <paramref name="batch"/> sequences with <paramref name="context"/> positions in all, s.</summary>
    public double DecodeSeconds(double batch, double context, double clock = 1) =>
        (StepSeconds + (batch * SequenceSeconds) + (context * ContextSeconds)) * DecodeStretch(clock);

    /// <summary>What <paramref name="tokens"/> of a prompt add from position <paramref name="start"/> on, s.</summary>
    public double PromptTime(double tokens, double start = 0, double clock = 1) =>
        ((tokens * PromptSeconds) + (tokens * (start + (tokens / 2)) * PromptPairSeconds)) / clock;

    /// <summary>By how much a lower clock lengthens decode.</summary>
    public double DecodeStretch(double clock) => Math.Max(1 + (ClockShare * ((1 / clock) - 1)), MemoryKnee / clock);

    /// <summary>Decode of <paramref name="batch"/> sequences at full clock, W.</summary>
    public double DecodeWatts(double batch) =>
        DecodeBaseWatts + (DecodeSpanWatts / (1 + Math.Exp(DecodeMidpoint - Math.Log2(Math.Max(1, batch)))));

    /// <summary>Decode under a cap, W.</summary>
    public double DecodeWatts(double batch, double clock) => Scaled(DecodeWatts(batch), clock, DecodeExponent);

    /// <summary>Prefill under a lower clock, W.</summary>
    public double PrefillWattsAt(double clock) => Scaled(PrefillWatts, clock, PrefillExponent);

    /// <summary>The clock of prefill under a cap of <paramref name="capWatts"/>.</summary>
    public double PrefillClock(double capWatts) => Clock(capWatts, PrefillWatts, PrefillExponent);

    /// <summary>The clock of decode of <paramref name="batch"/> sequences under a cap of <paramref name="capWatts"/>.</summary>
    public double DecodeClock(double capWatts, double batch) => Clock(capWatts, DecodeWatts(batch), DecodeExponent);

    private double Scaled(double watts, double clock, double exponent) =>
        clock >= 1 ? watts : StaticWatts + ((watts - StaticWatts) * Math.Pow(clock, exponent));

    private double Clock(double capWatts, double watts, double exponent) => watts <= capWatts
        ? 1
        : Math.Max(LowestClock, Math.Pow(Math.Max(0, capWatts - StaticWatts) / (watts - StaticWatts), 1 / exponent));
}
