namespace Crescent.Agents.Tasks;

/// <summary>How a task stands.</summary>
public enum TaskState
{
    /// <summary>Steps are under way.</summary>
    Running,

    /// <summary>Nothing is under way until a person approves or rejects a call.</summary>
    WaitingForApproval,

    /// <summary>It has its answer.</summary>
    Done,

    /// <summary>It has ended without one.</summary>
    Failed,

    /// <summary>Somebody has cancelled it.</summary>
    Cancelled,
}
