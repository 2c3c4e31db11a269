namespace Crescent.Lab.Servers;

/// <summary>How servers of a fleet are put to sleep and woken.</summary>
/// <param name="Count">Who says how many are to be awake.</param>
public sealed record ServerOptions(IServerCount Count)
{
    /// <summary>Seconds of the planner for each second of the run: a day of 86,400 s may pass in an hour.</summary>
    public double Squeeze { get; init; } = 1;

    /// <summary>From waking a server until it takes calls, in seconds of the planner.</summary>
    public double WakeSeconds { get; init; } = 120;

    /// <summary>
    /// Whether a server that is not needed first closes what is open on its devices, and sleeps when it has not been needed for as long as it costs to wake; otherwise it sleeps at
    /// once.
    /// </summary>
    public bool Parks { get; init; }

    /// <summary>From opening devices until they take calls, in seconds of the planner: a process, its context, weights out of the host's memory. Assumed.</summary>
    public double OpenSeconds { get; init; } = 20;

    /// <summary>What a server that sleeps draws, W.</summary>
    public double SleepWatts { get; init; } = 30;

    /// <summary>Between two looks, in seconds of the planner.</summary>
    public double LookSeconds { get; init; } = 30;
}
