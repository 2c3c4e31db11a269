namespace Crescent.Engine.Scheduling;

/// <summary>How busy an engine is: a snapshot made after each step.</summary>
/// <param name="Waiting">Sequences that wait for blocks or budget.</param>
/// <param name="Running">Sequences in the batch.</param>
/// <param name="QueuedPromptTokens">Prompt tokens of waiting and running sequences that are not computed yet.</param>
/// <param name="FreeBlocks">KV blocks to be had.</param>
/// <param name="TotalBlocks">KV blocks of the device.</param>
/// <param name="StepSeconds">Duration of a step, smoothed; 0 before the first.</param>
/// <param name="TokensPerSecond">Output tokens a second, smoothed.</param>
/// <param name="Watts">Power now.</param>
/// <param name="WattsSource">Where the watts come from: <c>model</c>, <c>rapl</c>, <c>nvml</c>.</param>
/// <param name="CapWatts">Power cap that the draw has met: above the one that was told last until what began before has run out.</param>
/// <param name="Joules">Energy since the engine's start.</param>
/// <param name="OutputTokens">Tokens generated since the engine's start.</param>
/// <param name="Steps">Steps since the engine's start.</param>
public readonly record struct EngineState(
    int Waiting,
    int Running,
    int QueuedPromptTokens,
    int FreeBlocks,
    int TotalBlocks,
    double StepSeconds,
    double TokensPerSecond,
    double Watts,
    string WattsSource,
    double CapWatts,
    double Joules,
    long OutputTokens,
    long Steps)
{
    /// <summary>How old <see cref="Watts"/> are.</summary>
    public TimeSpan WattsAge { get; init; }

    /// <summary>Of <see cref="Joules"/> what was used while no step ran: no request is charged for it.</summary>
    public double IdleJoules { get; init; }

    /// <summary>
    /// How evenly the tenants that waited were served over the last half minute, by their weights: Jain's index, 1 when all got the same, 1/n when one of n got
    /// everything.
    /// </summary>
    public double Fairness { get; init; } = 1;

    /// <summary>The same of programs, whatever the weights of their tenants; calls that name none have no part in it.</summary>
    public double ProgramFairness { get; init; } = 1;

    /// <summary>Of the waiting sequences those that are held because memory or watts are short.</summary>
    public int Held { get; init; }

    /// <summary>Of the running sequences those that wait for KV, which is copied into their blocks.</summary>
    public int WaitingForKv { get; init; }

    /// <summary>What its draft model takes; null where it has none.</summary>
    public DraftUse? Draft { get; init; }

    /// <summary>Steps that failed since the last one that finished.</summary>
    public int FailedSteps { get; init; }

    /// <summary>Steps that failed since the engine's start.</summary>
    public long AllFailedSteps { get; init; }

    /// <summary>What the newest step was foreseen to take, s; 0 before the first.</summary>
    public double StepForecast { get; init; }

    /// <summary>For how long there has been work and no step has finished; 0 where there is none to do.</summary>
    public TimeSpan StalledFor { get; init; }

    /// <summary>What the newest failed step said; null when none has failed since the engine's start.</summary>
    public string? LastError { get; init; }
}
