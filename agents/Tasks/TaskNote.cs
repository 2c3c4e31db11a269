using Crescent.Agents.Steps;

namespace Crescent.Agents.Tasks;

/// <summary>Something that watchers of a task are told. A task that is played again from its log makes the same notes in the same order, so they go by their number.</summary>
/// <param name="Kind">One of <see cref="NoteKinds"/>.</param>
/// <param name="At">When.</param>
public sealed record TaskNote(string Kind, DateTimeOffset At)
{
    /// <summary>The step that it is about; null for one about the task.</summary>
    public string? Step { get; init; }

    /// <summary>What the step is, for people.</summary>
    public string? Label { get; init; }

    /// <summary>The plan, how the vote stands, the tool's arguments, the answer or why there is none.</summary>
    public string? Text { get; init; }

    /// <summary>What a call that waits for approval would run: approve by this.</summary>
    public string? Hash { get; init; }

    /// <summary>What came of a step that has finished.</summary>
    public StepResult? Result { get; init; }
}
