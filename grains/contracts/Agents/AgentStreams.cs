namespace Crescent.Grains.Contracts.Agents;

/// <summary>
/// Where events of agent tasks are published for programs in the cluster: an Orleans stream a task, of <see cref="AgentEvent"/>, whose key is the task's id. It carries what is
/// stored, as it happens; who finds a number missing asks <see cref="IAgentTaskGrain.Watch"/> for it.
/// </summary>
public static class AgentStreams
{
    /// <summary>The stream provider.</summary>
    public const string Provider = "agent-events";

    /// <summary>The namespace of its streams.</summary>
    public const string Namespace = "crescent.agent";
}
