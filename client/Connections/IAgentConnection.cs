using Crescent.Grains.Contracts.Agents;

namespace Crescent.Client.Connections;

/// <summary>A way to a factory's agent tasks. Every failure but cancellation comes as <see cref="FactoryException"/>.</summary>
internal interface IAgentConnection
{
    /// <summary>Begins a task. Submitted again with the same key it is the same task.</summary>
    Task<AgentView> Submit(AgentSubmission submission, CancellationToken cancellationToken);

    /// <summary>The newest tasks, <paramref name="most"/> at the most.</summary>
    Task<IReadOnlyList<AgentListing>> List(int most, CancellationToken cancellationToken);

    /// <summary>A task as it stands.</summary>
    Task<AgentView> Show(string id, CancellationToken cancellationToken);

    /// <summary>
    /// What has happened after event <paramref name="after"/>, and then what happens, until this connection ends or the task does. The first item is null: the connection
    /// is open.
    /// </summary>
    IAsyncEnumerable<AgentNews?> Watch(string id, long after, CancellationToken cancellationToken);

    /// <summary>Lets a call that waits for a person run, or not.</summary>
    /// <param name="id">The task.</param>
    /// <param name="hash">Of the call, as it was shown.</param>
    /// <param name="approved">Whether it is to run.</param>
    /// <param name="reason">Why not, for the model; null for nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<AgentView> Decide(string id, string hash, bool approved, string? reason, CancellationToken cancellationToken);

    /// <summary>Ends a task; what it has so far stays.</summary>
    Task<AgentView> Cancel(string id, CancellationToken cancellationToken);
}
