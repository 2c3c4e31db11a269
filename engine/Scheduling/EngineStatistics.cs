using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Power;

namespace Crescent.Engine.Scheduling;

/// <summary>Counts what an engine does and publishes it as one snapshot that any thread may read.</summary>
internal sealed class EngineStatistics(IPowerModel power, TimeProvider time, int totalBlocks)
{
    /// <summary>Weight of the newest step in the smoothed step time.</summary>
    private const double Smoothing = 0.1;

    /// <summary>Span over which tokens a second and watts are averaged.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private EngineState _state = new(0, 0, 0, totalBlocks, totalBlocks, 0, 0, power.IdleWatts, "model", power.CapWatts, 0, 0, 0);
    private EngineCounters _counters;
    private long _windowStart = time.GetTimestamp();
    private double _windowBusyJoules;
    private double _windowBusySeconds;
    private long _windowTokens;
    private double _tokensPerSecond;
    private double _watts = power.IdleWatts;
    private double _stepSeconds;
    private double _joules;
    private long _outputTokens;
    private long _steps;

    /// <summary>The newest snapshot, with rates that fall to zero when the engine has gone idle.</summary>
    public EngineState State
    {
        get
        {
            lock (_lock)
            {
                var elapsed = time.GetElapsedTime(_windowStart);
                return elapsed < 2 * Window
                    ? _state
                    : _state with { TokensPerSecond = 0, Watts = power.IdleWatts, Joules = _state.Joules + (power.IdleWatts * elapsed.TotalSeconds) };
            }
        }
    }

    /// <summary>The newest counters.</summary>
    public EngineCounters Counters
    {
        get
        {
            lock (_lock)
            {
                return _counters;
            }
        }
    }

    /// <summary>Counts a step's time and energy.</summary>
    public StepEnergy Count(StepPlan plan, TimeSpan duration)
    {
        var seconds = duration.TotalSeconds;
        var joules = power.StepJoules(plan, duration);
        _stepSeconds = _steps == 0 ? seconds : _stepSeconds + (Smoothing * (seconds - _stepSeconds));
        _windowBusyJoules += joules;
        _windowBusySeconds += seconds;
        _steps++;
        return new StepEnergy(joules, plan.AllTokens.Length);
    }

    /// <summary>Counts an output token.</summary>
    public void CountOutput()
    {
        _outputTokens++;
        _windowTokens++;
    }

    /// <summary>How long until a place is free when <paramref name="ahead"/> requests wait: from the measured rate, 1 to 60 s.</summary>
    public TimeSpan RetryAfter(int ahead)
    {
        var state = State;
        var perRequest = state.Running > 0 ? state.StepSeconds * 100 / state.Running : 0.01;
        return TimeSpan.FromSeconds(Math.Clamp(perRequest * ahead, 1, 60));
    }

    /// <summary>Makes the snapshot that <see cref="State"/> shows.</summary>
    public void Publish(Scheduler scheduler, KvCache kv, bool idle)
    {
        var elapsed = time.GetElapsedTime(_windowStart);
        if (elapsed >= Window || idle)
        {
            CloseWindow(elapsed);
        }

        var scheduled = scheduler.Counters;
        var counters = new EngineCounters(
            scheduled.PromptTokens,
            _outputTokens,
            scheduled.PrefixQueryTokens,
            scheduled.PrefixHitTokens,
            scheduled.HostHitTokens,
            scheduled.ForkedTokens,
            scheduled.Preemptions,
            scheduled.GuessedTokens,
            scheduled.AcceptedTokens);
        var state = new EngineState(
            scheduler.WaitingCount, scheduler.Running.Count, (int)scheduler.QueuedTokens, kv.FreeBlocks, kv.TotalBlocks, _stepSeconds, _tokensPerSecond, _watts, "model",
            power.CapWatts, _joules, _outputTokens, _steps);
        lock (_lock)
        {
            _state = state;
            _counters = counters;
        }
    }

    private void CloseWindow(TimeSpan elapsed)
    {
        var seconds = elapsed.TotalSeconds;
        if (seconds <= 0)
        {
            return;
        }

        var joules = _windowBusyJoules + (power.IdleWatts * Math.Max(0, seconds - _windowBusySeconds));
        _joules += joules;
        lock (_lock)
        {
            _windowStart = time.GetTimestamp();
        }

        // A window of a few steps, closed because the engine went idle, would give wild rates.
        if (elapsed >= Window / 4)
        {
            _watts = joules / seconds;
            _tokensPerSecond = _windowTokens / seconds;
        }

        _windowBusyJoules = 0;
        _windowBusySeconds = 0;
        _windowTokens = 0;
    }
}
