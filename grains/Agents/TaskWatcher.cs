using Crescent.Grains.Contracts.Agents;

namespace Crescent.Grains.Agents;

/// <summary>One that watches a task. It waits on the task's own scheduler, so nothing here is locked.</summary>
internal sealed class TaskWatcher
{
    /// <summary>Pieces of text that may wait for a slow watcher; the oldest go first, as the step's result tells all of it.</summary>
    public const int MaxWaiting = 256;

    private readonly Queue<AgentEvent> _tokens = new();
    private TaskCompletionSource _news = Fresh();

    /// <summary>Tells tokens.</summary>
    public void Tell(AgentEvent tokens)
    {
        if (_tokens.Count == MaxWaiting)
        {
            _tokens.Dequeue();
        }

        _tokens.Enqueue(tokens);
        Wake();
    }

    /// <summary>Something is there to read.</summary>
    public void Wake() => _news.TrySetResult();

    /// <summary>Takes tokens that wait.</summary>
    public bool TryTake(out AgentEvent tokens) => _tokens.TryDequeue(out tokens!);

    /// <summary>Waits until something is there.</summary>
    public async Task Wait(CancellationToken cancellationToken)
    {
        await _news.Task.WaitAsync(cancellationToken);
        _news = Fresh();
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
