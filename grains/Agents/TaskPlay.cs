using System.Text;
using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Engine.Scheduling;
using Crescent.Grains.Contracts.Agents;
using Crescent.Grains.Requests;
using Crescent.Grains.Tracing;

namespace Crescent.Grains.Agents;

/// <summary>
/// A task that is being played: its machine and the steps under way. All of it runs on the scheduler of the task's grain. What happens is stored before the
/// machine hears of it, so nobody is told of what could be lost.
/// </summary>
internal sealed class TaskPlay : IDisposable
{
    private static readonly TimeSpan BetweenTokens = TimeSpan.FromMilliseconds(50);

    private readonly StepRunner _runner;
    private readonly TimeProvider _time;
    private readonly ITaskKeeper _keeper;
    private readonly AgentMachine _machine;
    private readonly TaskTally _tally;
    private readonly TaskWidth _width;
    private readonly bool _isFresh;
    private readonly Dictionary<string, CancellationTokenSource> _running = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Task> _runs = new(StringComparer.Ordinal);
    private readonly Queue<TaskEntry> _inbox = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationToken _stopped;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _pump = Task.CompletedTask;
    private TaskTrace? _trace;

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
        _stopped = _stop.Token;
        _machine = new AgentMachine(id, spec, strategy);
        _width = new TaskWidth(_machine, spec, runner);
        _tally = new TaskTally(_machine, spec.Strategy, runner.Metrics);
        _isFresh = log.Count == 0;
        Shown = new TaskShown(_machine, spec, time);
        Shown.Tell(_machine.Begin());
        foreach (var entry in log)
        {
            Shown.Tell(_machine.Apply(entry));
        }
    }

    /// <summary>What is told of it.</summary>
    public TaskShown Shown { get; }

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
    /// <param name="isAgain">Whether another activation has played it before.</param>
    public void Go(bool isAgain)
    {
        if (HasEnded)
        {
            _ended.TrySetResult();
            return;
        }

        _trace = TaskTrace.Begin(_machine.Id, Spec, isAgain);
        if (Spec.Budget.Seconds is { } seconds)
        {
            _ = Expire(Spec.Submitted.AddSeconds(seconds));
        }

        if (_isFresh)
        {
            foreach (var news in Shown.Since(0))
            {
                _keeper.Publish(news);
            }
        }

        var siblings = new StepSiblings(_machine.Id);
        foreach (var step in _machine.Running.ToArray())
        {
            if (_machine.IsCut(step.Id))
            {
                Happened(new TaskEntry
                {
                    Kind = EntryKind.StepEnded,
                    Step = step.Id,
                    Result = new StepResult { Outcome = StepOutcome.Cut, Lost = isAgain ? LostAttempts.None.WithOne() : null },
                });
            }
            else if (step is ToolStep tool && _machine.IsIntended(step.Id) && !IsIdempotent(tool))
            {
                Happened(new TaskEntry { Kind = EntryKind.ResultUnknown, Step = step.Id });
            }
            else
            {
                if (isAgain)
                {
                    Happened(new TaskEntry { Kind = EntryKind.BegunAgain, Step = step.Id });
                }

                Start(step, siblings.Of(step));
            }
        }

        _tally.Count();
    }

    /// <summary>Waits, while the silo stops, until all steps are left and what they had taken is stored.</summary>
    public async Task Leave()
    {
        await Task.WhenAll(_runs.Values.ToArray());
        await _pump;
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
        _tally.Leave();
        _trace?.End("elsewhere", failed: false);
        _ended.TrySetResult();
        Shown.End();
    }

    /// <summary>Ends the task, and waits until it has.</summary>
    public async Task Cancel()
    {
        Happened(new TaskEntry { Kind = EntryKind.Cancelled });
        await Ended;
    }

    /// <summary>Lets a call that waits for a person run, or not.</summary>
    /// <exception cref="AgentRefusedException">None of that hash waits, or not any more: the message says what was decided.</exception>
    public async Task Decide(string hash, bool approved, string? reason)
    {
        if (_machine.Waiting.FirstOrDefault(step => _machine.HashOf(step) == hash) is not { } waiting)
        {
            throw DecisionFault.Of(_machine, hash);
        }

        var decision = Happened(new TaskEntry { Kind = approved ? EntryKind.Approved : EntryKind.Rejected, Step = waiting.Id, Reason = reason });
        await _pump;

        // Another decision, or the end of the task, may have come before.
        if (!ReferenceEquals(_machine.DecisionOf(hash), decision))
        {
            throw _stopped.IsCancellationRequested
                ? new AgentRefusedException("", "The task goes on in another silo; send it again.", TimeSpan.FromSeconds(1))
                : DecisionFault.Of(_machine, hash);
        }
    }

    private bool IsIdempotent(ToolStep step) => Spec.Tools.FirstOrDefault(tool => tool.Name == step.Call.Name) is { IsIdempotent: true };

    /// <summary>Something has happened: it is stored, and then heeded.</summary>
    /// <returns>As it is stored.</returns>
    private TaskEntry Happened(TaskEntry entry)
    {
        entry = entry with { At = _time.GetUtcNow() };
        _inbox.Enqueue(entry);
        if (_pump.IsCompleted)
        {
            _pump = Pump();
        }

        return entry;
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
            // What came while the last was stored is stored in one go. The width comes first: what has happened makes room for steps to begin.
            TaskEntry[] entries = [.. Width().Concat(_inbox).Where(_machine.Heeds)];
            _inbox.Clear();
            if (entries.Length == 0)
            {
                continue;
            }

            await _keeper.Store(entries);
            if (_stopped.IsCancellationRequested)
            {
                return;
            }

            foreach (var entry in entries)
            {
                Do(_tally.Apply(entry));
                _tally.Count();
            }
        }

        if (HasEnded)
        {
            _trace?.End(AgentEvents.Word(_machine.State), _machine.State == TaskState.Failed);
            _ended.TrySetResult();
        }
    }

    private IEnumerable<TaskEntry> Width() => _width.Look() is { } width ? [width with { At = _time.GetUtcNow() }] : [];

    private void Do(MachineMove move)
    {
        var told = Shown.Events;
        Shown.Tell(move);
        foreach (var news in Shown.Since(told))
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
        var siblings = new StepSiblings(_machine.Id);
        foreach (var step in move.Start)
        {
            // One that begins in the move that ends the task is cut already.
            if (!_machine.IsCut(step.Id))
            {
                Start(step, siblings.Of(step));
            }
        }
    }

    private void Start(Step step, SiblingGroup? group)
    {
        var cut = CancellationTokenSource.CreateLinkedTokenSource(_stopped, _runner.Stopping);
        _running.Add(step.Id, cut);
        _runs[step.Id] = Run(step, group, cut);
    }

    private async Task Run(Step step, SiblingGroup? group, CancellationTokenSource cut)
    {
        var span = _trace?.Begin(step);
        StepResult? result;
        try
        {
            result = step is InferenceStep inference ? await Infer(inference, group, TraceParent.Of(span), cut.Token) : await Call((ToolStep)step, cut.Token);
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

        TaskTrace.End(span, result);
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
        else if (result is { OutputTokens: > 0 } && !_stopped.IsCancellationRequested)
        {
            Happened(new TaskEntry { Kind = EntryKind.Left, Step = step.Id, Result = new StepResult { Outcome = StepOutcome.Cut, PromptTokens = result.PromptTokens, OutputTokens = result.OutputTokens } });
        }
    }

    /// <summary>Null when it has to wait for budget that others hold: the machine starts it again.</summary>
    private async Task<StepResult?> Infer(InferenceStep step, SiblingGroup? group, string traceParent, CancellationToken cut)
    {
        var request = await _runner.Prepare(_machine, Spec, step, group, traceParent, Waits, cut);
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
            Shown.Pass(AgentEvents.Waiting, step.Id, why);
        }

        // Not a word at a time.
        void Heard(string text)
        {
            waiting.Append(text);
            if (Shown.IsWatched && _time.GetElapsedTime(told) >= BetweenTokens)
            {
                Shown.Pass(AgentEvents.Tokens, step.Id, waiting.ToString());
                waiting.Clear();
                told = _time.GetTimestamp();
            }
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
