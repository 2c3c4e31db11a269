namespace Crescent.Grains.Kept;

/// <summary>What a silo keeps of answers that may be asked for again; configuration section <see cref="Section"/>.</summary>
public sealed class KeptOptions
{
    public const string Section = "Crescent:Kept";
    public const double DefaultSeconds = 60;
    public const double MaxSeconds = 3600;
    public const double DefaultAloneSeconds = 30;
    public const double MaxAloneSeconds = 3600;
    public const double DefaultAnswerMib = 8;
    public const double MaxAnswerMib = 64;
    public const double DefaultMib = 256;
    public const double MaxMib = 1 << 16;
    public const double LeastMib = 1.0 / 64;

    /// <summary>How long an answer is kept after its end; 0 to 3600 s.</summary>
    public double Seconds { get; set; } = DefaultSeconds;

    /// <summary>How long an answer that nobody reads any more is still made; 0 to 3600 s.</summary>
    public double AloneSeconds { get; set; } = DefaultAloneSeconds;

    /// <summary>The longest answer, all its choices together, MiB; 1/64 to 64. A longer one ends with an error.</summary>
    public double AnswerMib { get; set; } = DefaultAnswerMib;

    /// <summary>All answers of a silo together with what was asked for, MiB; 1/64 to 65536. Those that ended first go first; where all are being made, no further one is taken.</summary>
    public double Mib { get; set; } = DefaultMib;
}
