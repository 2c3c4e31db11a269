namespace Crescent.Grains.Streams;

/// <summary>Deadlines of a generation; configuration section <see cref="Section"/>.</summary>
public sealed class GenerationOptions
{
    public const string Section = "Crescent:Generation";
    public const double DefaultPlacementSeconds = 10;
    public const double DefaultResumeSeconds = 30;
    public const double DefaultHopSeconds = 5;
    public const double DefaultSilenceSeconds = 3;
    public const double DefaultLivenessSeconds = 5;
    public const double DefaultStallSeconds = 120;
    public const double DefaultDrainSeconds = 30;
    public const double MinDrainSeconds = 0;
    public const double MaxDrainSeconds = 3600;
    public const int DefaultMaxAttempts = 4;

    /// <summary>A call that no device has taken within this fails, also one that has lost its device before there was a token; 1 to 600 s.</summary>
    public double PlacementSeconds { get; set; } = DefaultPlacementSeconds;

    /// <summary>A stream that has lost its device behind some tokens and found no other within this fails; 1 to 600 s.</summary>
    public double ResumeSeconds { get; set; } = DefaultResumeSeconds;

    /// <summary>A device that has not answered within this whether it takes a call is passed over, and the call tries another; 0.5 to 60 s.</summary>
    public double HopSeconds { get; set; } = DefaultHopSeconds;

    /// <summary>
    /// A device of which nothing was heard for this long, while this silo itself ran, is taken for paused: its streams go on elsewhere, if another device may
    /// take them; 1 to 600 s.
    /// </summary>
    public double SilenceSeconds { get; set; } = DefaultSilenceSeconds;

    /// <summary>A device that sent nothing for this long is asked whether it still has the sequence; 1 to 600 s.</summary>
    public double LivenessSeconds { get; set; } = DefaultLivenessSeconds;

    /// <summary>A device that has sequences and does no step for this long is taken for hung; 1 to 3600 s.</summary>
    public double StallSeconds { get; set; } = DefaultStallSeconds;

    /// <summary>How long a silo that stops waits for work in flight; 0 to 3600 s, below the host's shutdown timeout.</summary>
    public double DrainSeconds { get; set; } = DefaultDrainSeconds;

    /// <summary>
    /// Devices that a stream may be lost with: a call that breaks every device must not go round them all; 1 to 255. Planned moves do not count.
    /// </summary>
    public int MaxAttempts { get; set; } = DefaultMaxAttempts;
}
