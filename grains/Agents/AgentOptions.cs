namespace Crescent.Grains.Agents;

/// <summary>How agent tasks are run.</summary>
public sealed class AgentOptions
{
    public const string Section = "Crescent:Agents";
    public const int DefaultMaxTasks = 4096;
    public const int MostTasks = 100_000;
    public const int DefaultKept = 1024;
    public const int MostKept = 100_000;
    public const int DefaultAttempts = 8;
    public const int MostAttempts = 1000;
    public const double DefaultToolSeconds = 60;
    public const double MostToolSeconds = 3600;

    /// <summary>Tasks of the cluster that have not ended, 1 to 100,000; one more is refused.</summary>
    public int MaxTasks { get; set; } = DefaultMaxTasks;

    /// <summary>Tasks that have ended and are still listed, 0 to 100,000; the oldest are forgotten first.</summary>
    public int Kept { get; set; } = DefaultKept;

    /// <summary>Times that a step is tried whose devices fail it, 1 to 1,000. One that is refused because all are busy waits instead.</summary>
    public int Attempts { get; set; } = DefaultAttempts;

    /// <summary>Seconds that a call of a tool may take, above 0 to 3,600.</summary>
    public double ToolSeconds { get; set; } = DefaultToolSeconds;

    /// <summary>Files with strategies of one's own, parted by commas; null for none.</summary>
    public string? Strategies { get; set; }
}
