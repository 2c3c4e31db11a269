using Crescent.Agents.Tasks;

namespace Crescent.Grains.Agents;

/// <summary>What is to be stored of a task.</summary>
/// <param name="Spec">What it is to do.</param>
/// <param name="Log">What has happened.</param>
internal readonly record struct TaskDocumentText(TaskSpec Spec, IReadOnlyList<TaskEntry> Log);
