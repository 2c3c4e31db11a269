namespace Crescent.Engine.Scheduling;

/// <summary>
/// Whether an engine gets on: how many of its newest steps failed, and for how long there has been work without a step that finished. Written by
/// the engine's thread and by those that bring work, read by any.
/// </summary>
/// <param name="time">The engine's clock.</param>
internal sealed class EngineHealth(TimeProvider time)
{
    private readonly Lock _lock = new();
    private int _failedSteps;
    private long _allFailedSteps;
    private double _forecast;
    private string? _lastError;
    private bool _hasWork;
    private long _since;
    private long _arrivals;

    /// <summary>How often work has come.</summary>
    public long Arrivals
    {
        get
        {
            lock (_lock)
            {
                return _arrivals;
            }
        }
    }

    /// <summary>Somebody brings work, which can be taken from now on.</summary>
    public void Arrived()
    {
        lock (_lock)
        {
            _arrivals++;
            if (!_hasWork)
            {
                _hasWork = true;
                _since = time.GetTimestamp();
            }
        }
    }

    /// <summary>A step begins that is foreseen to take <paramref name="seconds"/>.</summary>
    public void Began(double seconds)
    {
        lock (_lock)
        {
            _forecast = seconds;
        }
    }

    /// <summary>A step has finished on the device.</summary>
    public void Finished()
    {
        lock (_lock)
        {
            _failedSteps = 0;
            _since = time.GetTimestamp();
        }
    }

    /// <summary>A step has failed.</summary>
    public void Failed(string error)
    {
        lock (_lock)
        {
            _failedSteps++;
            _allFailedSteps++;
            _lastError = error;
        }
    }

    /// <summary>All has been done that could be of what had come before the <paramref name="arrivals"/> were counted; what has come since is still there.</summary>
    public void Rested(long arrivals)
    {
        lock (_lock)
        {
            _hasWork = _arrivals != arrivals;
            _since = time.GetTimestamp();
        }
    }

    /// <summary><paramref name="state"/> with what is known here.</summary>
    public EngineState Of(in EngineState state)
    {
        lock (_lock)
        {
            return state with
            {
                FailedSteps = _failedSteps,
                AllFailedSteps = _allFailedSteps,
                StepForecast = _forecast,
                LastError = _lastError,
                StalledFor = _hasWork ? time.GetElapsedTime(_since) : TimeSpan.Zero,
            };
        }
    }
}
