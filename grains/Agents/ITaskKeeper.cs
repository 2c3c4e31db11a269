using Crescent.Agents.Tasks;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Grains.Agents;

/// <summary>What a task that is played asks of its grain.</summary>
internal interface ITaskKeeper
{
    /// <summary>Stores what has happened to a task; it has done so when it returns.</summary>
    Task Store(IReadOnlyList<TaskEntry> entries);

    /// <summary>Tells subscribers of an event that is stored. Does not wait.</summary>
    void Publish(AgentEvent news);

    /// <summary>This play of the task cannot go on: another has to begin from its log.</summary>
    void Broken(Exception fault);

    /// <summary>A step waits.</summary>
    void Waits(string step, string why);
}
