using Crescent.Engine.Scheduling;
using Crescent.Lab.Traces;

namespace Crescent.Lab.Fleet;

/// <summary>
/// Sessions that begin in a fleet at a rate, by Poisson. Tasks are measured that begin between a warm-up and the end of a window; sessions go on to begin until the last of those is done, so that it meets the load that it began under.
/// </summary>
internal sealed class SessionLoad : Virtual.IVirtualEvent
{
    private readonly SessionTrace _trace;
    private readonly SessionLoadOptions _options;
    private readonly Random _random;
    private readonly List<TaskRecord> _tasks = [];
    private int _begun;
    private int _open;

    public SessionLoad(VirtualFleet fleet, SessionTrace trace, SessionLoadOptions options, int vocabulary)
    {
        Fleet = fleet;
        Vocabulary = vocabulary;
        _trace = trace;
        _options = options;
        _random = new Random(options.Seed);
    }

    public VirtualFleet Fleet { get; }

    public int Vocabulary { get; }

    public RequestPriority Priority => _options.Priority;

    /// <summary>Tasks that began in the window.</summary>
    public IEnumerable<TaskRecord> Measured => _tasks;

    /// <summary>Calls that were answered in the window, for their times.</summary>
    public List<FleetCall> Answered { get; } = [];

    /// <summary>Calls that were answered in the window.</summary>
    public int WindowCalls { get; private set; }

    /// <summary>Of those, calls that met the promise.</summary>
    public int WindowGood { get; private set; }

    /// <summary>Whether all that is measured is done, or has had its time.</summary>
    public bool IsOver => Fleet.Seconds >= _options.EndSeconds && (_open == 0 || Fleet.Seconds >= _options.LastSeconds);

    /// <summary>From now on sessions begin.</summary>
    public void Begin()
    {
        if (_options.Agents is not { } agents)
        {
            Fleet.After(Gap(), this);
            return;
        }

        for (var i = 0; i < agents; i++)
        {
            Fleet.After(_options.WarmUpSeconds / 2 * i / agents, Next(within: true));
        }
    }

    /// <summary>A session begins.</summary>
    public void Fire()
    {
        Next().Fire();
        Fleet.After(Gap(), this);
    }

    public TaskRecord BeginTask()
    {
        var now = Fleet.Seconds;
        var task = new TaskRecord { BeganAt = now, IsMeasured = now >= _options.WarmUpSeconds && now < _options.EndSeconds };
        if (task.IsMeasured)
        {
            _open++;
            _tasks.Add(task);
        }

        return task;
    }

    public void EndTask(TaskRecord task)
    {
        task.EndedAt = Fleet.Seconds;
        task.IsDone = true;
        _open -= task.IsMeasured ? 1 : 0;
    }

    public void TurnEnded(FleetCall call)
    {
        if (Fleet.Seconds >= _options.WarmUpSeconds && Fleet.Seconds < _options.EndSeconds)
        {
            WindowCalls++;
            WindowGood += Fleet.IsGood(call) ? 1 : 0;
            Answered.Add(call);
        }
    }

    /// <summary>A session has come to its end, or broken off.</summary>
    public void SessionEnded()
    {
        if (_options.Agents is not null)
        {
            Fleet.After(0, Next());
        }
    }

    private SessionRun Next(bool within = false)
    {
        var session = _trace.Sessions[_random.Next(_trace.Sessions.Count)];
        var number = _begun++;
        return new SessionRun(this, session, number + 1, $"{session.Name}#{number}", null, within ? _random.Next(session.Turns.Count) : 0);
    }

    private double Gap() => -Math.Log(1 - _random.NextDouble()) / _options.Rate;
}
