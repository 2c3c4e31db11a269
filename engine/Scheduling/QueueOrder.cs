namespace Crescent.Engine.Scheduling;

/// <summary>Which of a tenant's calls of one class goes first.</summary>
public enum QueueOrder
{
    /// <summary>The call whose program has been given least lately, where waiting counts for it: see <see cref="ProgramAccount"/>.</summary>
    Program,

    /// <summary>The call that has waited longest, whatever it is part of.</summary>
    Fcfs,
}
