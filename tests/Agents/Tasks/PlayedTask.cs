using Crescent.Agents.Steps;
using Crescent.Agents.Strategies;
using Crescent.Agents.Tasks;

namespace Crescent.Tests.Agents.Tasks;

/// <summary>Plays a task to its end without a cluster: steps end in an order of the test's choosing.</summary>
internal sealed class PlayedTask(TaskSpec spec, int seed = 0, Func<int, int>? order = null, StrategyCatalogue? strategies = null)
{
    public const int MaxTokens = 64;

    private readonly List<Step> _running = [];

    /// <summary>Tokens reserved and spent together at the most, at any moment.</summary>
    public long MostTokens { get; private set; }

    public int MostAtOnce { get; private set; }

    public AgentMachine Machine { get; private set; } = Fresh(spec, strategies);

    public List<TaskEntry> Log { get; } = [];

    public List<TaskNote> Notes { get; } = [];

    public static TaskSpec Spec(string strategy, StrategySettings? settings = null, TaskBudget? budget = null, string? problem = null) => new()
    {
        Problem = problem ?? ScriptedModel.Problem,
        Strategy = strategy,
        Settings = (settings ?? new()) with { MaxTokens = MaxTokens },
        Budget = budget ?? new(),
        Tools = [new TaskTool("calculator", "Computes.", "{}", IsIdempotent: true)],
        Submitted = DateTimeOffset.UnixEpoch,
    };

    public static AgentMachine Fresh(TaskSpec spec, StrategyCatalogue? strategies = null) =>
        new("task", spec, (strategies ?? new StrategyCatalogue()).Create(spec.Strategy, new StrategyTask(spec.Problem, spec.System, spec.Settings)));

    public PlayedTask ToEnd(int? cancelAfter = null)
    {
        Do(Machine.Begin());
        while (!Machine.HasEnded)
        {
            if (Log.Count == cancelAfter)
            {
                Tell(new TaskEntry { Kind = EntryKind.Cancelled });
                continue;
            }

            Assert.NotEmpty(_running);
            var at = order?.Invoke(_running.Count) ?? 0;
            var step = _running[at];
            _running.RemoveAt(at);
            Tell(new TaskEntry { Kind = EntryKind.StepEnded, Step = step.Id, Result = ScriptedModel.Answer(step, seed) });
        }

        return this;
    }

    private void Tell(TaskEntry entry)
    {
        Log.Add(entry);
        Do(Machine.Apply(entry));
    }

    private void Do(MachineMove move)
    {
        Notes.AddRange(move.Notes);
        foreach (var step in move.Cut)
        {
            _running.RemoveAll(running => running.Id == step);
            Tell(new TaskEntry { Kind = EntryKind.StepEnded, Step = step, Result = new StepResult { Outcome = StepOutcome.Cut } });
        }

        foreach (var step in move.Start)
        {
            if (Machine.HasEnded || Machine.IsCut(step.Id))
            {
                continue;
            }

            var grant = step is InferenceStep inference ? Machine.Reserve(step.Id, 30 + inference.MaxTokens) : Grant.Granted;
            if (grant == Grant.Denied)
            {
                Tell(new TaskEntry { Kind = EntryKind.StepEnded, Step = step.Id, Result = new StepResult { Outcome = StepOutcome.Denied, Text = "no tokens are left" } });
            }
            else if (grant == Grant.Granted)
            {
                _running.Add(step);
                MostAtOnce = Math.Max(MostAtOnce, _running.Count);
                MostTokens = Math.Max(MostTokens, Machine.Bill.Tokens + _running.OfType<InferenceStep>().Sum(static s => 30 + s.MaxTokens));
            }
        }
    }
}
