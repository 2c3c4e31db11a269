using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;

namespace Crescent.Agents.Tasks;

/// <summary>
/// A task as a pure machine: a strategy within a budget. It is told what happens (<see cref="TaskEntry"/>), in the order of the task's log, and says what to do. Played
/// again from the same log it comes to the same state and makes the same notes; what it then holds as <see cref="Running"/> is to be started again.
/// </summary>
public sealed class AgentMachine
{
    private readonly TaskSpec _spec;
    private readonly IStrategy _strategy;
    private readonly BudgetDesk _budget;
    private readonly Dictionary<string, StepPlace> _steps = new(StringComparer.Ordinal);

    // In the order in which they were asked for.
    private readonly List<StepPlace> _open = [];
    private readonly List<Step> _start = [];
    private readonly List<string> _cut = [];
    private readonly List<TaskNote> _notes = [];
    private readonly Dictionary<string, TaskEntry> _decisions = new(StringComparer.Ordinal);
    private DateTimeOffset _now;
    private TaskState? _ending;
    private int _toolCalls;
    private int _width;

    /// <param name="id">The task's id, part of its idempotency keys.</param>
    /// <param name="spec">What it is to do.</param>
    /// <param name="strategy">A fresh one, which the machine plays.</param>
    public AgentMachine(string id, TaskSpec spec, IStrategy strategy)
    {
        Id = id;
        _spec = spec;
        _strategy = strategy;
        _budget = new BudgetDesk(spec.Budget);
        _now = spec.Submitted;
        _width = spec.StartWidth ?? spec.Budget.Parallelism;
    }

    /// <summary>The task.</summary>
    public string Id { get; }

    /// <summary>How it stands. It ends only when all that was cut has ended, so that its bill is whole.</summary>
    public TaskState State { get; private set; } = TaskState.Running;

    /// <summary>Whether nothing will happen any more.</summary>
    public bool HasEnded => State is TaskState.Done or TaskState.Failed or TaskState.Cancelled;

    /// <summary>What it has come to, also when it had to end before its strategy did; null while there is nothing.</summary>
    public StrategyAnswer? Answer { get; private set; }

    /// <summary>Why it ended before its strategy did (<c>budget</c>, <c>deadline</c>, <c>cancelled</c>), or what made it fail; null for a whole answer.</summary>
    public string? Cause { get; private set; }

    /// <summary>What it has taken so far.</summary>
    public TaskBill Bill { get; private set; } = new();

    /// <summary>Samples that votes which were sure did not draw.</summary>
    public int SamplesSaved { get; private set; }

    /// <summary>When it ended; null while it has not.</summary>
    public DateTimeOffset? Ended { get; private set; }

    /// <summary>Steps under way, in the order in which they were asked for.</summary>
    public IEnumerable<Step> Running => _open.Where(static place => place.Stage == StepStage.Running).Select(static place => place.Step);

    /// <summary>Calls that wait for a person.</summary>
    public IEnumerable<ToolStep> Waiting => _open.Where(static place => place.Stage == StepStage.Waiting).Select(static place => (ToolStep)place.Step);

    /// <summary>Names a step once and for all, over all tries at it.</summary>
    public string KeyOf(string step) => $"{Id}/{step}";

    /// <summary>What approving <paramref name="step"/> means.</summary>
    public string HashOf(ToolStep step) => ToolApproval.Hash(KeyOf(step.Id), step.Call, _steps[step.Id].Unknown);

    /// <summary>Whether nobody needs a step any more: it is only to end.</summary>
    public bool IsCut(string step) => _steps.TryGetValue(step, out var place) && place.IsCut;

    /// <summary>Whether the tool of a step under way may have been called already.</summary>
    public bool IsIntended(string step) => _steps.TryGetValue(step, out var place) && place.IsIntended;

    /// <summary>What a person has decided of the call of a hash: <see cref="EntryKind.Approved"/> or <see cref="EntryKind.Rejected"/>; null for nothing.</summary>
    public TaskEntry? DecisionOf(string hash) => _decisions.GetValueOrDefault(hash);

    /// <summary>Steps that may be under way at once now.</summary>
    public int Width => _width;

    /// <summary>Begins.</summary>
    public MachineMove Begin()
    {
        if (_width < _spec.Budget.Parallelism)
        {
            _notes.Add(new TaskNote(NoteKinds.Power, _now) { Text = Narrow(_width, _spec.Budget.Parallelism, null) });
        }

        Ask(_strategy.Begin);
        return Move();
    }

    /// <summary>Reserves what a step that is to start may take. One that has to wait is started again by a later move.</summary>
    /// <param name="step">The step.</param>
    /// <param name="tokens">Tokens of its prompt and its limit.</param>
    public Grant Reserve(string step, long tokens)
    {
        var grant = _budget.Reserve(step, tokens);
        _steps[step].IsShort = grant == Grant.Later;
        return grant;
    }

    /// <summary>Whether an entry says something that the machine does not know yet. What it would not heed need not be written down.</summary>
    public bool Heeds(TaskEntry entry) => !HasEnded && entry.Kind switch
    {
        EntryKind.StepEnded => _steps.TryGetValue(entry.Step!, out var place) && place.Stage != StepStage.Ended,
        EntryKind.ToolIntended or EntryKind.ResultUnknown or EntryKind.BegunAgain or EntryKind.Left => _steps.TryGetValue(entry.Step!, out var place) && place.Stage == StepStage.Running,
        EntryKind.Approved or EntryKind.Rejected => _steps.TryGetValue(entry.Step!, out var place) && place.Stage == StepStage.Waiting,
        EntryKind.Width => _ending is null && entry.Width != _width,
        _ => _ending is null,
    };

    /// <summary>Takes the next entry of the log.</summary>
    public MachineMove Apply(TaskEntry entry)
    {
        if (!Heeds(entry))
        {
            return MachineMove.None;
        }

        _now = entry.At;
        var place = entry.Step is { } step ? _steps[step] : null;
        switch (entry.Kind)
        {
            case EntryKind.StepEnded:
                End(place!, entry.Result!);
                break;
            case EntryKind.ToolIntended:
                place!.IsIntended = true;
                break;
            case EntryKind.ResultUnknown:
                Bill = Bill with { Lost = Bill.Lost.WithOne() };
                place!.IsApproved = false;
                place.Unknown++;
                Await(place, "It is not known whether this call was made, and it must not be made twice. Approve to make it now, reject to go on without.");
                break;
            case EntryKind.BegunAgain:
                Bill = Bill with { Lost = Bill.Lost.WithOne() };
                break;
            case EntryKind.Left:
                Bill = Bill with { Lost = Bill.Lost.WithTaken(entry.Result!) };
                break;
            case EntryKind.Approved:
                _decisions[HashOf((ToolStep)place!.Step)] = entry;
                place.IsApproved = true;
                place.Stage = StepStage.Queued;
                break;
            case EntryKind.Rejected:
                _decisions[HashOf((ToolStep)place!.Step)] = entry;
                End(place, new StepResult { Outcome = StepOutcome.Failed, Text = entry.Reason is { } why ? $"A person rejected this call: {why}" : "A person rejected this call." });
                break;
            case EntryKind.Width:
                _width = entry.Width ?? _spec.Budget.Parallelism;
                _notes.Add(new TaskNote(NoteKinds.Power, _now) { Text = Narrow(_width, _spec.Budget.Parallelism, entry.Reason) });
                break;
            case EntryKind.Cancelled:
                Finish(TaskState.Cancelled, Best(), "cancelled");
                break;
            case EntryKind.Expired:
                Finish(TaskState.Done, Best(), "deadline");
                break;
        }

        return Move();
    }

    private void End(StepPlace place, StepResult result)
    {
        var began = place.Stage == StepStage.Running;
        place.Stage = StepStage.Ended;
        _open.Remove(place);
        _budget.Settle(place.Step.Id, result.PromptTokens + result.OutputTokens, result.Joules);
        if (began)
        {
            Bill = Bill.With(place.Step, result);
        }

        _notes.Add(new TaskNote(NoteKinds.StepFinished, _now) { Step = place.Step.Id, Label = place.Step.Label, Result = result });
        if (result.Outcome == StepOutcome.Denied && !place.IsCut)
        {
            Short(result.Text);
        }
        else if (_ending is null && !place.IsCut)
        {
            Ask(() => _strategy.On(place.Step.Id, result));
        }
    }

    private void Ask(Func<StrategyMove> strategy)
    {
        try
        {
            Heed(strategy());
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Somebody's own strategy may throw: that is the end of its task, each time that it is played, and of nothing else.
            Finish(TaskState.Failed, null, $"The strategy '{_spec.Strategy}' failed: {e.Message}");
        }
    }

    private void Heed(StrategyMove move)
    {
        if (move.NoteKind is { } kind)
        {
            _notes.Add(new TaskNote(kind, _now) { Text = move.Note });
        }

        SamplesSaved += move.Saved;
        foreach (var id in move.Cut)
        {
            Cut(_steps[id]);
        }

        foreach (var step in move.Begin)
        {
            if (_steps.Count == TaskBudget.MostSteps)
            {
                Short($"A task has up to {TaskBudget.MostSteps} steps.");
                return;
            }

            var place = new StepPlace(step);
            _steps.Add(step.Id, place);
            _open.Add(place);
        }

        if (move.Answer is { } answer)
        {
            Finish(TaskState.Done, answer, null);
        }
        else if (move.Fault is { } fault)
        {
            Finish(TaskState.Failed, Best(), fault);
        }
    }

    /// <summary>Ends with what there is: the budget is used up.</summary>
    private void Short(string text)
    {
        if (_ending is null)
        {
            _notes.Add(new TaskNote(NoteKinds.Budget, _now) { Text = text });
            Finish(TaskState.Done, Best(), "budget");
        }
    }

    private StrategyAnswer? Best()
    {
        try
        {
            return _strategy.Best;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;
        }
    }

    private void Finish(TaskState state, StrategyAnswer? answer, string? cause)
    {
        _ending = state == TaskState.Done && answer is null ? TaskState.Failed : state;
        Answer = answer;
        Cause = cause;
        foreach (var place in _open.ToArray())
        {
            Cut(place);
        }
    }

    private void Cut(StepPlace place)
    {
        if (place.Stage == StepStage.Running && !place.IsCut)
        {
            _cut.Add(place.Step.Id);
        }
        else if (place.Stage is StepStage.Queued or StepStage.Waiting)
        {
            place.Stage = StepStage.Ended;
            _open.Remove(place);
        }

        place.IsCut = true;
    }

    private void Await(StepPlace place, string why)
    {
        var step = (ToolStep)place.Step;
        place.Stage = StepStage.Waiting;
        _notes.Add(new TaskNote(NoteKinds.Approval, _now) { Step = step.Id, Label = step.Label, Text = $"{step.Call.Arguments}\n{why}", Hash = HashOf(step) });
    }

    /// <summary>Starts what may start, and gathers all that there is to do.</summary>
    private MachineMove Move()
    {
        var running = _open.Count(static place => place.Stage == StepStage.Running);
        for (var i = 0; i < _open.Count && _ending is null;)
        {
            var place = _open[i];
            if (place is { IsShort: true, IsCut: false })
            {
                place.IsShort = false;
                _start.Add(place.Step);
            }
            else if (place.Stage == StepStage.Queued && running < Math.Min(_width, _spec.Budget.Parallelism))
            {
                Start(place);
                running += place.Stage == StepStage.Running ? 1 : 0;
            }

            // One that has ended at once has left its place to the next.
            i += place.Stage == StepStage.Ended ? 0 : 1;
        }

        if (_ending is { } state && _open.Count == 0 && !HasEnded)
        {
            State = state;
            Ended = _now;
            _notes.Add(new TaskNote(NoteKinds.Done, _now) { Text = Answer?.Answer ?? Cause });
        }
        else if (!HasEnded)
        {
            State = _open.Exists(static place => place.Stage == StepStage.Waiting) && !_open.Exists(static place => place.Stage == StepStage.Running)
                ? TaskState.WaitingForApproval
                : TaskState.Running;
        }

        var move = new MachineMove([.. _start], [.. _cut], [.. _notes]);
        _start.Clear();
        _cut.Clear();
        _notes.Clear();
        return move;
    }

    private static string Narrow(int width, int most, string? why) =>
        (width < most ? $"Power is short: {width} of up to {most} steps at once." : $"Power is enough: up to {most} steps at once again.") + (why is null ? "" : $" {why}");

    private void Start(StepPlace place)
    {
        if (place.Step is ToolStep tool)
        {
            // A name that the task was not given is answered here: what the model writes must not choose among all that the silo has.
            var known = _spec.Tools.FirstOrDefault(candidate => candidate.Name == tool.Call.Name);
            if (known is null)
            {
                End(place, new StepResult { Outcome = StepOutcome.Failed, Text = $"There is no tool '{tool.Call.Name}'." });
                return;
            }

            if (!place.IsApproved && known.NeedsApproval)
            {
                Await(place, "Approve this call, or reject it.");
                return;
            }

            if (!place.IsIntended && ++_toolCalls > _spec.Budget.ToolCalls)
            {
                Short($"The budget of {_spec.Budget.ToolCalls} tool calls is used up.");
                return;
            }
        }

        place.Stage = StepStage.Running;
        _start.Add(place.Step);
        _notes.Add(place.Step is ToolStep { Call: var call }
            ? new TaskNote(NoteKinds.ToolCall, _now) { Step = place.Step.Id, Label = call.Name, Text = call.Arguments }
            : new TaskNote(NoteKinds.StepStarted, _now) { Step = place.Step.Id, Label = place.Step.Label });
    }
}
