namespace Crescent.Agents.Steps;

/// <summary>A piece of an agent's work: an inference, or the call of a tool. Strategies ask for steps; whoever runs the task does them.</summary>
/// <param name="Id">Names it within its task, and is the same each time the task is played: results, seeds and idempotency keys go by it.</param>
/// <param name="Label">What it is, for people, such as <c>sample 3</c>.</param>
public abstract record Step(string Id, string Label);
