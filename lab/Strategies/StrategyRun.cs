using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;
using Crescent.Engine.Scheduling;
using Crescent.Lab.Virtual;

namespace Crescent.Lab.Strategies;

/// <summary>
/// A task in a fleet: the machine that a task's grain plays, each of whose inferences is a call of the fleet. While power is dear a task of the batch class fans out less, by the
/// same rule as live.
/// </summary>
internal sealed class StrategyRun : IVirtualEvent
{
    private readonly StrategyLoad _load;
    private readonly SimulatedSolver _solver;
    private readonly TaskSpec _spec;
    private readonly AgentMachine _machine;
    private readonly FanOut _fanOut = new();
    private readonly Dictionary<string, StrategyCall> _calls = new(StringComparer.Ordinal);

    public StrategyRun(StrategyLoad load, int number)
    {
        _load = load;
        _solver = new SimulatedSolver(load.Options.Solver, number, load.Options.Seed);
        _spec = new TaskSpec
        {
            Problem = _solver.Problem,
            Strategy = load.Options.Strategy.Name,
            Settings = load.Options.Strategy.Settings,
            Tools = [new TaskTool(SolverOptions.Tool, "", "{}", IsIdempotent: true)],
            Priority = load.Options.Priority.ToString(),
        };
        var width = Width();
        _spec = _spec with { StartWidth = width < _spec.Budget.Parallelism ? width : null };
        _machine = new AgentMachine($"task-{number}", _spec, load.Catalogue.Create(_spec.Strategy, new StrategyTask(_spec.Problem, null, _spec.Settings)));
    }

    public double BeganAt { get; private set; }

    public double EndedAt { get; private set; }

    public TaskBill Bill => _machine.Bill;

    public int Saved => _machine.SamplesSaved;

    public bool HasFailed => _machine.State != TaskState.Done;

    public bool IsSolved => !HasFailed && _machine.Answer?.Answer == _solver.Answer;

    /// <summary>Most of its calls that were under way at once.</summary>
    public int Widest { get; private set; }

    /// <summary>Begins.</summary>
    public void Fire()
    {
        BeganAt = _load.Fleet.Seconds;
        Heed(_machine.Begin());
    }

    /// <summary>A step has ended.</summary>
    public void Ended(string step, StepResult result)
    {
        _calls.Remove(step);
        Tell(new TaskEntry { Kind = EntryKind.StepEnded, Step = step, Result = result });
    }

    private void Tell(TaskEntry entry) => Heed(_machine.Apply(entry with { At = DateTimeOffset.UnixEpoch.AddSeconds(_load.Fleet.Seconds) }));

    private void Heed(MachineMove move)
    {
        foreach (var step in move.Start)
        {
            Start(step);
        }

        foreach (var step in move.Cut)
        {
            _calls[step].Cut();
        }

        if (_machine.HasEnded)
        {
            EndedAt = _load.Fleet.Seconds;
            _load.TaskEnded();
            return;
        }

        var width = Width();
        if (width != _machine.Width)
        {
            Tell(new TaskEntry { Kind = EntryKind.Width, Width = width });
        }
    }

    private int Width() => _load.Options.Priority == RequestPriority.Batch ? _fanOut.Width(_spec.Budget.Parallelism, _load.Price()) : _spec.Budget.Parallelism;

    private void Start(Step step)
    {
        var call = new StrategyCall(_load.Fleet, this, step.Id);
        _calls.Add(step.Id, call);
        Widest = Math.Max(Widest, _calls.Count);
        if (step is InferenceStep inference)
        {
            var (result, tokens) = _solver.Say(inference);
            call.Ask(inference, result, tokens, _machine.Id, _load.Options.Priority);
        }
        else
        {
            call.Use(_load.Options.Solver.ToolSeconds);
        }
    }
}
