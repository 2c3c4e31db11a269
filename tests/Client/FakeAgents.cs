using System.Runtime.CompilerServices;
using Crescent.Client.Connections;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Tests.Client;

/// <summary>Agent tasks that end as they are told.</summary>
internal sealed class FakeAgents : IAgentConnection
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, AgentView> _tasks = [];

    /// <summary>How the task ends that is submitted, by its number from 0.</summary>
    public Func<AgentSubmission, int, AgentView> End { get; set; } = static (_, number) => Task($"agent-{number}");

    /// <summary>What a task tells, by its id and the number of the last event that was heard.</summary>
    public Func<string, long, CancellationToken, IAsyncEnumerable<AgentNews?>> News { get; set; } = static (_, _, _) => Tell(new AgentNews { Number = 1, Kind = "done" });

    public List<AgentSubmission> Submitted { get; } = [];

    public List<(string Id, long After)> Watched { get; } = [];

    public List<string> Cancelled { get; } = [];

    public List<(string Id, string Hash, bool Approved, string? Reason)> Decided { get; } = [];

    /// <summary>A task that has ended with two samples.</summary>
    public static AgentView Task(string id) => new()
    {
        Id = id,
        State = "done",
        Strategy = "self-consistency",
        Problem = "How many apples?",
        Answer = "24",
        Text = "Step 1: 3 * 4 = 12\nAnswer: 24",
        Confidence = 0.97,
        Bill = new AgentBill { Calls = 2, PromptTokens = 80, CachedTokens = 32, OutputTokens = 40, StepSeconds = 1.5, Joules = 3 },
        Submitted = DateTimeOffset.UnixEpoch,
        Ended = DateTimeOffset.UnixEpoch.AddSeconds(2),
        Steps =
        [
            new AgentStepView { Id = "sample-0", Label = "sample 1", State = "done", Text = "Step 1: 3 * 4 = 12\nAnswer: 24", PromptTokens = 40, OutputTokens = 22, Seconds = 1, Joules = 2, Device = "device-1/cpu" },
            new AgentStepView { Id = "sample-1", Label = "sample 2", State = "cut", Text = "Step 1: 3", PromptTokens = 40, CachedTokens = 32, OutputTokens = 18, Seconds = 0.5, Joules = 1, Device = "device-1/cpu" },
        ],
    };

    /// <summary>An open connection on which this comes.</summary>
    public static async IAsyncEnumerable<AgentNews?> Tell(params AgentNews[] news)
    {
        yield return null;
        foreach (var next in news)
        {
            await System.Threading.Tasks.Task.Yield();
            yield return next;
        }
    }

    /// <summary>An open connection on which this comes, and which then fails.</summary>
    public static async IAsyncEnumerable<AgentNews?> Break(params AgentNews[] news)
    {
        await foreach (var next in Tell(news))
        {
            yield return next;
        }

        throw new FactoryException("The connection broke off", "Ask again.") { ConnectionLost = true };
    }

    /// <summary>An open connection on which this comes, and then nothing until it is cancelled.</summary>
    public static async IAsyncEnumerable<AgentNews?> Stall(Action stalled, [EnumeratorCancellation] CancellationToken cancellationToken, params AgentNews[] news)
    {
        await foreach (var next in Tell(news).WithCancellation(cancellationToken))
        {
            yield return next;
        }

        stalled();
        await System.Threading.Tasks.Task.Delay(Timeout.Infinite, cancellationToken);
    }

    public Task<AgentView> Submit(AgentSubmission submission, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var task = End(submission, Submitted.Count);
            Submitted.Add(submission);
            _tasks[task.Id] = task;
            return System.Threading.Tasks.Task.FromResult(task with { State = "running", Answer = null, Ended = null, Steps = [] });
        }
    }

    public Task<IReadOnlyList<AgentListing>> List(int most, CancellationToken cancellationToken) => System.Threading.Tasks.Task.FromResult<IReadOnlyList<AgentListing>>(
    [
        new AgentListing { Id = $"agent-of-{most}", State = "waiting_for_approval", Strategy = "react", Problem = "What is\n71 * 913?", Submitted = DateTimeOffset.UnixEpoch },
        new AgentListing
        {
            Id = "agent-old", State = "done", Strategy = "direct", Problem = "hi", Answer = "24", Submitted = DateTimeOffset.UnixEpoch, Ended = DateTimeOffset.UnixEpoch.AddSeconds(3), Tokens = 1234, Joules = 2.5,
        },
    ]);

    public Task<AgentView> Show(string id, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return System.Threading.Tasks.Task.FromResult(_tasks.GetValueOrDefault(id) ?? Task(id));
        }
    }

    public IAsyncEnumerable<AgentNews?> Watch(string id, long after, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Watched.Add((id, after));
        }

        return News(id, after, cancellationToken);
    }

    public Task<AgentView> Decide(string id, string hash, bool approved, string? reason, CancellationToken cancellationToken)
    {
        Decided.Add((id, hash, approved, reason));
        return Show(id, cancellationToken);
    }

    public Task<AgentView> Cancel(string id, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            Cancelled.Add(id);
        }

        return System.Threading.Tasks.Task.FromResult(Task(id) with { State = "cancelled" });
    }
}
