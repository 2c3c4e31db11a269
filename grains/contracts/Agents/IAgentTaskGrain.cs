namespace Crescent.Grains.Contracts.Agents;

/// <summary>
/// An agent task: a strategy that is played with inference calls and tools. Its key is the task's id. Each step that has finished is stored before anybody is told of it; when
/// the task's silo dies another goes on from there.
/// </summary>
[Alias("Crescent.IAgentTaskGrain")]
public interface IAgentTaskGrain : IGrainWithStringKey
{
    /// <summary>Begins the task. Submitting the same again gives the task as it stands.</summary>
    /// <param name="spec">What it is to do, as JSON.</param>
    /// <exception cref="AgentRefusedException">It is not to be done as it is, or the task has other work.</exception>
    [Alias("Submit")]
    Task<AgentView> Submit(string spec);

    /// <summary>The task as it stands; null when there is none of this id.</summary>
    [Alias("Show")]
    Task<AgentView?> Show();

    /// <summary>Events after number <paramref name="after"/> and then those to come, to the end of the task; none when there is no task of this id.</summary>
    [Alias("Watch")]
    IAsyncEnumerable<AgentEvent> Watch(long after, CancellationToken cancellationToken = default);

    /// <summary>Lets a call that waits for a person run, or not.</summary>
    /// <param name="hash">Of the call, as it was shown.</param>
    /// <param name="approved">Whether it is to run.</param>
    /// <param name="reason">Why not, for the model; null for nothing.</param>
    /// <exception cref="AgentRefusedException">No call of this hash waits, or not any more: it was decided before, which the message tells, or the task has ended.</exception>
    [Alias("Decide")]
    Task<AgentView> Decide(string hash, bool approved, string? reason);

    /// <summary>Ends the task; what it has so far stays. One that has ended stays as it is. Null when there is none of this id.</summary>
    [Alias("Cancel")]
    Task<AgentView?> Cancel();

    /// <summary>Takes away what is stored of a task that has ended.</summary>
    [Alias("Forget")]
    Task Forget();

    /// <summary>Sees that a task which has not ended goes on.</summary>
    /// <returns>How it stands; null when there is none of this id.</returns>
    [Alias("Tend")]
    Task<AgentListing?> Tend();
}
