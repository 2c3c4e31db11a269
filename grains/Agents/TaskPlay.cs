using System.Text;
using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Requests;

namespace Crescent.Grains.Agents;

/// <summary>
/// A task that is being played: its machine, the steps under way, and whoever watches. All of it runs on the scheduler of the task's grain. What happens is stored before the
/// machine hears of it, so nobody is told of what could be lost.
/// </summary>
internal sealed class TaskPlay : IDisposable
{
    private const int MaxListed = 120;

    private static readonly TimeSpan BetweenTokens = TimeSpan.FromMilliseconds(50);

    private readonly StepRunner _runner;
    private readonly TimeProvider _time;
    private readonly ITaskKeeper _keeper;
    private readonly AgentMachine _machine;
    private readonly List<TaskEntry> _log;
    private readonly List<AgentEvent> _events = [];
    private readonly Dictionary<string, AgentStepView> _views = new(StringComparer.Ordinal);
    private readonly List<string> _order = [];
    private readonly Dictionary<string, CancellationTokenSource> _running = new(StringComparer.Ordinal);
    private readonly HashSet<TaskWatcher> _watchers = [];
    private readonly Queue<TaskEntry> _inbox = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopped;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _pump = Task.CompletedTask;

    /// <param name="id">The task.</param>
    /// <param name="spec">What it is to do.</param>
    /// <param name="log">What has happened already.</param>
    /// <param name="strategy">A fresh one of the task.</param>
    /// <param name="runner">Does the steps.</param>
    /// <param name="time">The clock.</param>
    /// <param name="keeper">Stores and publishes.</param>
    public TaskPlay(string id, TaskSpec spec, IReadOnlyList<TaskEntry> log, IStrategy strategy, StepRunner runner, TimeProvider time, ITaskKeeper keeper)
    {
        Spec = spec;
        _runner = runner;
        _time = time;
        _keeper = keeper;
        _log = [.. log];
        _stopped = _stop.Token;
        _machine = new AgentMachine(id, spec, strategy);
        Tell(_machine.Begin());
        foreach (var entry in log)
        {
            Tell(_machine.Apply(entry));
        }
    }

    /// <summary>What it is to do.</summary>
    public TaskSpec Spec { get; }

    /// <summary>Whether nothing will happen any more.</summary>
    public bool HasEnded => _machine.HasEnded;

    /// <summary>Whether another activation goes on with it.</summary>
    public bool IsDisposed => _stopped.IsCancellationRequested;

    /// <summary>Ends when what has happened so far is stored.</summary>
    public Task Settled => _pump;

    /// <summary>Ends when the task has, or when it is stopped or its storage is lost.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Begins, or goes on from where the log ends: steps that were under way are done again.</summary>
    public void Go()
    {
        if (HasEnded)
        {
            _ended.TrySetResult();
            return;
        }

        if (Spec.Budget.Seconds is { } seconds)
        {
            _ = Expire(Spec.Submitted.AddSeconds(seconds));
        }

        if (_log.Count == 0)
        {
            _events.ForEach(_keeper.Publish);
        }

        var groups = new Dictionary<string, SiblingGroup>(StringComparer.Ordinal);
        foreach (var step in _machine.Running.ToArray())
        {
            if (_machine.IsCut(step.Id))
            {
                Happened(new TaskEntry { Kind = EntryKind.StepEnded, Step = step.Id, Result = new StepResult { Outcome = StepOutcome.Cut } });
            }
            else if (step is ToolStep tool && _machine.IsIntended(step.Id) && !IsIdempotent(tool))
            {
                Happened(new TaskEntry { Kind = EntryKind.ResultUnknown, Step = step.Id });
            }
            else
            {
                Start(step, Group(step, groups));
            }
        }
    }

    /// <summary>Ends all steps without a word: another activation goes on with the task.</summary>
    public void Dispose()
    {
        if (_stopped.IsCancellationRequested)
        {
            return;
        }

        _stop.Cancel();
        _stop.Dispose();
        _ended.TrySetResult();
        foreach (var watcher in _watchers)
        {
            watcher.Wake();
        }
    }

    /// <summary>Ends the task, and waits until it has.</summary>
    public async Task Cancel()
    {
        Happened(new TaskEntry { Kind = EntryKind.Cancelled });
        await Ended;
    }

    /// <summary>Lets a call that waits for a person run, or not. False when none of that hash waits.</summary>
    public async Task<bool> Decide(string hash, bool approved, string? reason)
    {
        if (_machine.Waiting.FirstOrDefault(step => _machine.HashOf(step) == hash) is not { } waiting)
        {
            return false;
        }

        Happened(new TaskEntry { Kind = approved ? EntryKind.Approved : EntryKind.Rejected, Step = waiting.Id, Reason = reason });
        await _pump;
        return _stopped.IsCancellationRequested
            ? throw new AgentRefusedException("", "The task goes on in another silo; send it again.", TimeSpan.FromSeconds(1))
            : true;
    }

    /// <summary>Events after a number and those to come.</summary>
    public async IAsyncEnumerable<AgentEvent> Watch(long after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
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

                if (HasEnded || _stopped.IsCancellationRequested)
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
        Id = _machine.Id,
        State = AgentEvents.Word(_machine.State),
        Strategy = Spec.Strategy,
        Model = Spec.Model,
        Problem = Spec.Problem,
        Tenant = Spec.Tenant,
        Answer = _machine.Answer?.Answer,
        Text = _machine.Answer?.Text,
        Confidence = _machine.Answer?.Confidence,
        Cause = _machine.Cause,
        Bill = new AgentBill
        {
            Calls = _machine.Bill.Calls,
            ToolCalls = _machine.Bill.ToolCalls,
            PromptTokens = _machine.Bill.PromptTokens,
            CachedTokens = _machine.Bill.CachedTokens,
            OutputTokens = _machine.Bill.OutputTokens,
            StepSeconds = _machine.Bill.StepSeconds,
            Joules = _machine.Bill.Joules,
        },
        Submitted = Spec.Submitted,
        Ended = _machine.Ended,
        Steps = [.. _order.Select(step => _views[step])],
        Approvals = [.. _machine.Waiting.Select(step => new AgentApproval(step.Id, step.Call.Name, step.Call.Arguments, _machine.HashOf(step)))],
    };

    /// <summary>The task in a list.</summary>
    public AgentListing Listing() => new()
    {
        Id = _machine.Id,
        State = AgentEvents.Word(_machine.State),
        Strategy = Spec.Strategy,
        Problem = Spec.Problem.Length <= MaxListed ? Spec.Problem : Spec.Problem[..MaxListed] + "…",
        Tenant = Spec.Tenant,
        Answer = _machine.Answer is { Answer: { Length: > MaxListed } answer } ? answer[..MaxListed] + "…" : _machine.Answer?.Answer,
        Submitted = Spec.Submitted,
        Ended = _machine.Ended,
        Tokens = _machine.HasEnded ? _machine.Bill.Tokens : 0,
        Joules = _machine.HasEnded ? _machine.Bill.Joules : 0,
    };

    private bool IsIdempotent(ToolStep step) => Spec.Tools.FirstOrDefault(tool => tool.Name == step.Call.Name) is { IsIdempotent: true };

    /// <summary>Something has happened: it is stored, and then heeded.</summary>
    private void Happened(TaskEntry entry)
    {
        _inbox.Enqueue(entry with { At = _time.GetUtcNow() });
        if (_pump.IsCompleted)
        {
            _pump = Pump();
        }
    }

    private async Task Pump()
    {
        // Not in the midst of whoever said so.
        await Task.Yield();
        try
        {
            await Heed();
        }
        catch (Exception e)
        {
            // What was not stored is lost with this activation, and the next plays the task from its log.
            _keeper.Broken(e);
        }
    }

    private async Task Heed()
    {
        while (_inbox.Count > 0 && !_stopped.IsCancellationRequested)
        {
            // What came while the last was stored is stored in one go.
            var entries = _inbox.Where(_machine.Heeds).ToArray();
            _inbox.Clear();
            if (entries.Length == 0)
            {
                continue;
            }

            await _keeper.Store(Spec, [.. _log, .. entries]);
            if (_stopped.IsCancellationRequested)
            {
                return;
            }

            _log.AddRange(entries);
            foreach (var entry in entries)
            {
                Do(_machine.Apply(entry));
            }
        }

        if (HasEnded)
        {
            _ended.TrySetResult();
        }
    }

    private void Do(MachineMove move)
    {
        var told = _events.Count;
        Tell(move);
        foreach (var news in _events.Skip(told))
        {
            _keeper.Publish(news);
        }

        foreach (var step in move.Cut)
        {
            if (_running.TryGetValue(step, out var running))
            {
                running.Cancel();
            }
            else
            {
                Happened(new TaskEntry { Kind = EntryKind.StepEnded, Step = step, Result = new StepResult { Outcome = StepOutcome.Cut } });
            }
        }

        // Siblings are told of one another when they start together.
        var groups = new Dictionary<string, SiblingGroup>(StringComparer.Ordinal);
        foreach (var step in move.Start)
        {
            // One that begins in the move that ends the task is cut already.
            if (!_machine.IsCut(step.Id))
            {
                Start(step, Group(step, groups));
            }
        }
    }

    private SiblingGroup? Group(Step step, Dictionary<string, SiblingGroup> groups)
    {
        SiblingGroup? group = null;
        if (step is InferenceStep { Siblings: { } siblings } && !groups.TryGetValue(siblings, out group))
        {
            groups[siblings] = group = new SiblingGroup($"{_machine.Id}/{siblings}");
        }

        return group;
    }

    private void Tell(MachineMove move)
    {
        foreach (var note in move.Notes)
        {
            _events.Add(AgentEvents.Of(_machine, note, _events.Count + 1));
            Show(note);
        }

        if (move.Notes.Count > 0)
        {
            foreach (var watcher in _watchers)
            {
                watcher.Wake();
            }
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

    private void Start(Step step, SiblingGroup? group)
    {
        var cut = CancellationTokenSource.CreateLinkedTokenSource(_stopped, _runner.Stopping);
        _running.Add(step.Id, cut);
        _ = Run(step, group, cut);
    }

    private async Task Run(Step step, SiblingGroup? group, CancellationTokenSource cut)
    {
        StepResult? result;
        try
        {
            result = step is InferenceStep inference ? await Infer(inference, group, cut.Token) : await Call((ToolStep)step, cut.Token);
        }
        catch (OperationCanceledException) when (cut.IsCancellationRequested)
        {
            result = new StepResult { Outcome = StepOutcome.Cut };
        }
        catch (RequestFaultException e)
        {
            result = new StepResult { Outcome = StepOutcome.Failed, Text = e.Message };
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A step's fault is the task's to deal with, never the silo's.
            result = new StepResult { Outcome = StepOutcome.Failed, Text = $"{e.GetType().Name}: {e.Message}" };
        }

        if (_running.TryGetValue(step.Id, out var now) && ReferenceEquals(now, cut))
        {
            _running.Remove(step.Id);
        }

        cut.Dispose();

        // While the silo stops, what was left is done again elsewhere, and what has its result is kept.
        if (result is not null && !_stopped.IsCancellationRequested && (result.IsDone || !_runner.Stopping.IsCancellationRequested))
        {
            Happened(new TaskEntry { Kind = EntryKind.StepEnded, Step = step.Id, Result = result });
        }
    }

    /// <summary>Null when it has to wait for budget that others hold: the machine starts it again.</summary>
    private async Task<StepResult?> Infer(InferenceStep step, SiblingGroup? group, CancellationToken cut)
    {
        var request = await _runner.Prepare(_machine, Spec, step, group, Waits, cut);
        var tokens = request.Prompts[0].Length + request.Calls[0].MaxTokens;
        switch (_machine.IsCut(step.Id) ? Grant.Later : _machine.Reserve(step.Id, tokens))
        {
            case Grant.Later when _machine.IsCut(step.Id):
                return new StepResult { Outcome = StepOutcome.Cut };
            case Grant.Later:
                // The machine may start it again before this try is put away.
                _running.Remove(step.Id);
                return null;
            case Grant.Denied:
                return new StepResult { Outcome = StepOutcome.Denied, Text = $"'{step.Label}' may take {tokens} tokens, more than the budget has left." };
        }

        var waiting = new StringBuilder();
        var told = _time.GetTimestamp();
        return await _runner.Infer(request, Heard, Waits, cut);

        void Waits(string why)
        {
            _keeper.Waits(step.Id, why);
            Pass(AgentEvents.Waiting, step, why);
        }

        // Not a word at a time.
        void Heard(string text)
        {
            waiting.Append(text);
            if (_watchers.Count > 0 && _time.GetElapsedTime(told) >= BetweenTokens)
            {
                Pass(AgentEvents.Tokens, step, waiting.ToString());
                waiting.Clear();
                told = _time.GetTimestamp();
            }
        }
    }

    private void Pass(string kind, Step step, string text)
    {
        foreach (var watcher in _watchers)
        {
            watcher.Tell(AgentEvents.Passing(kind, _machine.Id, step.Id, text, _time.GetUtcNow()));
        }
    }

    private async Task<StepResult> Call(ToolStep step, CancellationToken cut)
    {
        // From here on it may have its effect: that is written down before it has.
        Happened(new TaskEntry { Kind = EntryKind.ToolIntended, Step = step.Id });
        await _pump.WaitAsync(cut);
        if (!_machine.IsIntended(step.Id) || _machine.IsCut(step.Id) || HasEnded)
        {
            return new StepResult { Outcome = StepOutcome.Cut };
        }

        return await _runner.Call(step, _machine.KeyOf(step.Id), cut);
    }

    private async Task Expire(DateTimeOffset at)
    {
        var left = at - _time.GetUtcNow();
        try
        {
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, _time, _stopped);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        Happened(new TaskEntry { Kind = EntryKind.Expired });
    }
}
