namespace Crescent.Grains.Contracts.Agents;

/// <summary>Something that watchers of a task are told.</summary>
[GenerateSerializer, Immutable, Alias("Crescent.AgentEvent")]
public sealed record AgentEvent
{
    /// <summary>Its number within the task, from 1: the same after the task's silo has died. 0 for what is told once: tokens under way, and why a step waits.</summary>
    [Id(0)] public long Number { get; init; }

    /// <summary><c>planned</c>, <c>step_started</c>, <c>tokens</c>, <c>waiting</c>, <c>step_finished</c>, <c>vote</c>, <c>tool_call</c>, <c>budget</c>, <c>power</c>, <c>approval</c> or <c>done</c>.</summary>
    [Id(1)] public required string Kind { get; init; }

    /// <summary>What it tells: a JSON object with the task's id, the kind and the time in it.</summary>
    [Id(2)] public required string Json { get; init; }

    /// <summary>Without what callers and models wrote: messages that are late or lost stand in logs.</summary>
    public override string ToString() => $"{nameof(AgentEvent)} {Number} {Kind}";
}
