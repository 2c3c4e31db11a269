namespace Crescent.Agents.Tasks;

/// <summary>Where a step of a task stands.</summary>
internal enum StepStage
{
    /// <summary>It waits for others to end.</summary>
    Queued,

    /// <summary>It waits for a person.</summary>
    Waiting,

    /// <summary>It is under way.</summary>
    Running,

    /// <summary>It has ended.</summary>
    Ended,
}
