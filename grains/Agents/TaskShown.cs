using System.Runtime.CompilerServices;
using Crescent.Agents.Tasks;
using Crescent.Grains.Contracts.Agents;

namespace Crescent.Grains.Agents;

/// <summary>What is told of a task: its events, its steps as they stand, and whoever watches. All of it runs on the scheduler of the task's grain.</summary>
/// <param name="machine">The task's machine.</param>
/// <param name="spec">What it is to do.</param>
/// <param name="time">The clock.</param>
internal sealed class TaskShown(AgentMachine machine, TaskSpec spec, TimeProvider time)
{
    private const int MaxListed = 120;

    private readonly List<AgentEvent> _events = [];
    private readonly Dictionary<string, AgentStepView> _views = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private readonly HashSet<TaskWatcher> _watchers = [];
    private bool _isOver;

    /// <summary>Events so far.</summary>
    public int Events => _events.Count;

    /// <summary>Whether anybody watches.</summary>
    public bool IsWatched => _watchers.Count > 0;

    /// <summary>Events after the first <paramref name="count"/>.</summary>
    public IEnumerable<AgentEvent> Since(int count) => _events.Skip(count);

    /// <summary>Takes what the machine has to say.</summary>
    public void Tell(MachineMove move)
    {
        foreach (var note in move.Notes)
        {
            _events.Add(AgentEvents.Of(machine, note, _events.Count + 1));
            Show(note);
        }

        if (move.Notes.Count > 0)
        {
            Wake();
        }
    }

    /// <summary>Tells watchers something of a step that is told once.</summary>
    public void Pass(string kind, string step, string text)
    {
        foreach (var watcher in _watchers)
        {
            watcher.Tell(AgentEvents.Passing(kind, machine.Id, step, text, time.GetUtcNow()));
        }
    }

    /// <summary>Lets watchers go: another activation goes on with the task.</summary>
    public void End()
    {
        _isOver = true;
        Wake();
    }

    /// <summary>Events after a number and those to come.</summary>
    public async IAsyncEnumerable<AgentEvent> Watch(long after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watcher = new TaskWatcher();
        _watchers.Add(watcher);
        try
        {
            for (var next = (int)Math.Clamp(after, 0, int.MaxValue); ;)
            {
                // Tokens came before the end of their step.
                while (watcher.TryTake(out var tokens))
                {
                    yield return tokens;
                }

                while (next < _events.Count)
                {
                    yield return _events[next++];
                }

                if (machine.HasEnded || _isOver)
                {
                    yield break;
                }

                await watcher.Wait(cancellationToken);
            }
        }
        finally
        {
            _watchers.Remove(watcher);
        }
    }

    /// <summary>The task as it stands.</summary>
    public AgentView View() => new()
    {
        Id = machine.Id,
        State = AgentEvents.Word(machine.State),
        Strategy = spec.Strategy,
        Model = spec.Model,
        Problem = spec.Problem,
        Tenant = spec.Tenant,
        Answer = machine.Answer?.Answer,
        Text = machine.Answer?.Text,
        Confidence = machine.Answer?.Confidence,
        Cause = machine.Cause,
        Bill = new AgentBill
        {
            Calls = machine.Bill.Calls,
            ToolCalls = machine.Bill.ToolCalls,
            PromptTokens = machine.Bill.PromptTokens,
            CachedTokens = machine.Bill.CachedTokens,
            OutputTokens = machine.Bill.OutputTokens,
            StepSeconds = machine.Bill.StepSeconds,
            Joules = machine.Bill.Joules,
            Lost = new AgentLoss
            {
                Attempts = machine.Bill.Lost.Attempts,
                PromptTokens = machine.Bill.Lost.PromptTokens,
                OutputTokens = machine.Bill.Lost.OutputTokens,
                Joules = machine.Bill.Lost.Joules,
            },
        },
        Submitted = spec.Submitted,
        Ended = machine.Ended,
        Steps = [.. _order.Select(step => _views[step])],
        Approvals = [.. machine.Waiting.Select(step => new AgentApproval(step.Id, step.Call.Name, step.Call.Arguments, machine.HashOf(step)))],
    };

    /// <summary>The task in a list.</summary>
    public AgentListing Listing() => new()
    {
        Id = machine.Id,
        State = AgentEvents.Word(machine.State),
        Strategy = spec.Strategy,
        Problem = spec.Problem.Length <= MaxListed ? spec.Problem : spec.Problem[..MaxListed] + "…",
        Tenant = spec.Tenant,
        Answer = machine.Answer is { Answer: { Length: > MaxListed } answer } ? answer[..MaxListed] + "…" : machine.Answer?.Answer,
        Submitted = spec.Submitted,
        Ended = machine.Ended,
        Tokens = machine.HasEnded ? machine.Bill.Tokens : 0,
        Joules = machine.HasEnded ? machine.Bill.Joules : 0,
    };

    private void Wake()
    {
        foreach (var watcher in _watchers)
        {
            watcher.Wake();
        }
    }

    private void Show(TaskNote note)
    {
        if (note.Step is not { } step || note.Kind == NoteKinds.Approval)
        {
            return;
        }

        if (!_views.TryGetValue(step, out var view))
        {
            _order.Add(step);
            view = new AgentStepView { Id = step, Label = note.Label ?? step, State = "running" };
        }

        _views[step] = note.Result is not { } result ? view : view with
        {
            State = AgentEvents.Word(result.Outcome),
            Text = result.Text,
            PromptTokens = result.PromptTokens,
            CachedTokens = result.CachedTokens,
            OutputTokens = result.OutputTokens,
            Seconds = result.Seconds,
            Joules = result.Joules,
            Device = result.Device,
        };
    }
}
