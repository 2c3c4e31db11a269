namespace Crescent.Grains.Contracts.Agents;

/// <summary>The tasks of the cluster: lists them, and sees that each goes on whose silo has died. One grain, key 0.</summary>
[Alias("Crescent.IAgentRosterGrain")]
public interface IAgentRosterGrain : IGrainWithIntegerKey
{
    /// <summary>Takes a task in, before it begins, or takes its end.</summary>
    /// <exception cref="AgentRefusedException">There are as many tasks as there may be.</exception>
    [Alias("Note")]
    Task Note(AgentListing task);

    /// <summary>Tasks of a tenant, null for all, the newest first.</summary>
    [Alias("List")]
    Task<IReadOnlyList<AgentListing>> List(string? tenant, int most);

    /// <summary>Sees that all tasks go on that have not ended.</summary>
    [Alias("Tend")]
    Task Tend();
}
