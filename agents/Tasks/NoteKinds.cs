namespace Crescent.Agents.Tasks;

/// <summary>Kinds of a <see cref="TaskNote"/>.</summary>
public static class NoteKinds
{
    public const string Planned = "planned";
    public const string StepStarted = "step_started";
    public const string StepFinished = "step_finished";
    public const string Vote = "vote";
    public const string ToolCall = "tool_call";
    public const string Approval = "approval";
    public const string Budget = "budget";
    public const string Power = "power";
    public const string Done = "done";
}
