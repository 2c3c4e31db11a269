namespace Crescent.Agents.Tasks;

/// <summary>What an entry of a task's log tells. The numbers are stored.</summary>
public enum EntryKind
{
    /// <summary>A step has ended.</summary>
    StepEnded = 0,

    /// <summary>A tool is about to be called: from here on it may have had its effect.</summary>
    ToolIntended = 1,

    /// <summary>A person has approved a call.</summary>
    Approved = 2,

    /// <summary>A person has rejected a call.</summary>
    Rejected = 3,

    /// <summary>Nobody knows what became of a tool that must not be called twice.</summary>
    ResultUnknown = 4,

    /// <summary>Somebody has cancelled the task.</summary>
    Cancelled = 5,

    /// <summary>Its time is over.</summary>
    Expired = 6,

    /// <summary>A step that was under way is begun again: the attempt before is lost.</summary>
    BegunAgain = 7,

    /// <summary>A step under way was left for another silo to begin again: what it had taken.</summary>
    Left = 8,

    /// <summary>Fewer steps, or more again, may be under way at once: power has become dearer or cheaper.</summary>
    Width = 9,
}
