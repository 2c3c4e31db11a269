using System.Diagnostics.Metrics;
using Crescent.Agents.Steps;
using Crescent.Agents.Tasks;
using Crescent.Grains.Metrics;

namespace Crescent.Grains.Agents;

/// <summary>What the agent tasks of this silo do, counted since its start: as instruments, and as numbers to be scraped. Safe for use by many threads.</summary>
public sealed class AgentMetrics
{
    /// <summary>Strategies, and tools, that are counted by name; what is beyond is counted as <see cref="Other"/>.</summary>
    public const int MaxNames = 256;

    /// <summary>The name of all others.</summary>
    public const string Other = "other";

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Strategy, string End), long> _tasks = [];
    private readonly Dictionary<(string Strategy, string Outcome), long> _steps = [];
    private readonly Dictionary<string, long> _saved = [];
    private readonly Dictionary<(string Tool, string Result), long> _tools = [];
    private readonly Counter<long> _taskCounter;
    private readonly UpDownCounter<long> _liveTasks;
    private readonly Counter<long> _stepCounter;
    private readonly UpDownCounter<long> _liveSteps;
    private readonly Counter<long> _lostCounter;
    private readonly Counter<long> _savedCounter;
    private readonly Counter<long> _toolCounter;
    private readonly UpDownCounter<long> _approvals;
    private AgentStand _live;
    private long _lost;

    public AgentMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(InstrumentNames.Meter);
        _taskCounter = meter.CreateCounter<long>(InstrumentNames.AgentTasks);
        _liveTasks = meter.CreateUpDownCounter<long>(InstrumentNames.AgentTasksLive);
        _stepCounter = meter.CreateCounter<long>(InstrumentNames.AgentSteps);
        _liveSteps = meter.CreateUpDownCounter<long>(InstrumentNames.AgentStepsLive);
        _lostCounter = meter.CreateCounter<long>(InstrumentNames.AgentAttemptsLost);
        _savedCounter = meter.CreateCounter<long>(InstrumentNames.AgentSamplesSaved);
        _toolCounter = meter.CreateCounter<long>(InstrumentNames.AgentToolCalls);
        _approvals = meter.CreateUpDownCounter<long>(InstrumentNames.AgentApprovals);
    }

    /// <summary>How the tasks that this silo plays stand together.</summary>
    public AgentStand Live => Locked(() => _live);

    /// <summary>Attempts at steps that came to nothing.</summary>
    public long AttemptsLost => Locked(() => _lost);

    /// <summary>Tasks that have ended, by strategy and end.</summary>
    public IReadOnlyList<(string Strategy, string End, long Count)> Tasks => Locked(() => _tasks.Select(static entry => (entry.Key.Strategy, entry.Key.End, entry.Value)).ToArray());

    /// <summary>Steps that have ended, by strategy and outcome.</summary>
    public IReadOnlyList<(string Strategy, string Outcome, long Count)> Steps => Locked(() => _steps.Select(static entry => (entry.Key.Strategy, entry.Key.Outcome, entry.Value)).ToArray());

    /// <summary>Samples that were not drawn, by strategy.</summary>
    public IReadOnlyList<(string Strategy, long Count)> SamplesSaved => Locked(() => _saved.Select(static entry => (entry.Key, entry.Value)).ToArray());

    /// <summary>Calls of tools, by tool and result.</summary>
    public IReadOnlyList<(string Tool, string Result, long Count)> ToolCalls => Locked(() => _tools.Select(static entry => (entry.Key.Tool, entry.Key.Result, entry.Value)).ToArray());

    /// <summary>A task that this silo plays stands otherwise.</summary>
    /// <param name="before">As it stood; nothing for one that is new here.</param>
    /// <param name="now">As it stands; nothing for one that has ended, or goes on elsewhere.</param>
    internal void Stands(AgentStand before, AgentStand now)
    {
        lock (_lock)
        {
            _live = _live + now - before;
        }

        Add(_liveTasks, now.Running - before.Running, "running");
        Add(_liveTasks, now.Waiting - before.Waiting, "waiting_for_approval");
        _liveSteps.Add(now.Steps - before.Steps);
        _approvals.Add(now.Approvals - before.Approvals);
    }

    /// <summary>A task has ended.</summary>
    internal void Ended(string strategy, TaskState state, string? cause)
    {
        var end = state == TaskState.Done && cause is not null ? cause : AgentEvents.Word(state);
        Count(_tasks, ref strategy, end, 1);
        _taskCounter.Add(1, new("strategy", strategy), new("end", end));
    }

    /// <summary>A step has ended.</summary>
    internal void StepEnded(string strategy, StepOutcome outcome)
    {
        Count(_steps, ref strategy, AgentEvents.Word(outcome), 1);
        _stepCounter.Add(1, new("strategy", strategy), new("outcome", AgentEvents.Word(outcome)));
    }

    /// <summary>Attempts at steps came to nothing.</summary>
    internal void Lost(int attempts)
    {
        lock (_lock)
        {
            _lost += attempts;
        }

        _lostCounter.Add(attempts);
    }

    /// <summary>A vote was sure before all samples were drawn.</summary>
    internal void Saved(string strategy, int samples)
    {
        lock (_lock)
        {
            strategy = _saved.ContainsKey(strategy) || _saved.Count < MaxNames ? strategy : Other;
            _saved[strategy] = _saved.GetValueOrDefault(strategy) + samples;
        }

        _savedCounter.Add(samples, new KeyValuePair<string, object?>("strategy", strategy));
    }

    /// <summary>A tool was called.</summary>
    internal void ToolCalled(string tool, StepOutcome result)
    {
        Count(_tools, ref tool, AgentEvents.Word(result), 1);
        _toolCounter.Add(1, new("tool", tool), new("result", AgentEvents.Word(result)));
    }

    private static void Add(UpDownCounter<long> counter, int by, string state)
    {
        if (by != 0)
        {
            counter.Add(by, new KeyValuePair<string, object?>("state", state));
        }
    }

    private void Count(Dictionary<(string Name, string End), long> counts, ref string name, string end, long by)
    {
        lock (_lock)
        {
            // A name has up to five ends.
            name = counts.ContainsKey((name, end)) || counts.Count < MaxNames * 5 ? name : Other;
            counts[(name, end)] = counts.GetValueOrDefault((name, end)) + by;
        }
    }

    private T Locked<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }
}
