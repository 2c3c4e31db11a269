using Crescent.Agents.Steps;

namespace Crescent.Agents.Tasks;

/// <summary>
/// Something that happened to a task from outside its strategy. The entries of a task are its whole state: played in order they give the machine that wrote them. Stored as
/// JSON: a new member needs a default that means what its absence meant.
/// </summary>
public sealed record TaskEntry
{
    /// <summary>When.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>What.</summary>
    public EntryKind Kind { get; init; }

    /// <summary>The step that it is about; null for one about the task.</summary>
    public string? Step { get; init; }

    /// <summary>What came of the step, of <see cref="EntryKind.StepEnded"/> and <see cref="EntryKind.Left"/>.</summary>
    public StepResult? Result { get; init; }

    /// <summary>Steps that may be under way at once from here on, of <see cref="EntryKind.Width"/>.</summary>
    public int? Width { get; init; }

    /// <summary>Who or why, for people; null for nothing.</summary>
    public string? Reason { get; init; }
}
