namespace Crescent.Grains.Agents;

/// <summary>Tools of a silo that come and go, such as those of servers that it is connected to.</summary>
public interface IAgentToolSource
{
    /// <summary>Those that are there now, or were there last: their names are no other source's.</summary>
    IReadOnlyList<IAgentTool> Tools { get; }

    /// <summary>One of them by its name, waited for where it is only being looked for; null for none of its own.</summary>
    /// <exception cref="AgentToolException">The name is this source's, and the tool cannot be had now: the message says why.</exception>
    Task<IAgentTool?> Find(string name, CancellationToken cancellationToken);
}
