using Crescent.Agents.Steps;

namespace Crescent.Agents.Tasks;

/// <summary>What whoever runs a task has to do next.</summary>
/// <param name="Start">Steps to start, side by side.</param>
/// <param name="Cut">Steps under way to cut short; each is to end all the same.</param>
/// <param name="Notes">What to tell watchers.</param>
public sealed record MachineMove(IReadOnlyList<Step> Start, IReadOnlyList<string> Cut, IReadOnlyList<TaskNote> Notes)
{
    /// <summary>Nothing.</summary>
    public static readonly MachineMove None = new([], [], []);
}
