using Crescent.Engine.Devices;
using Crescent.Engine.Kv;
using Crescent.Engine.Power;

namespace Crescent.Engine.Scheduling;

/// <summary>Counts what an engine does and publishes it as one snapshot that any thread may read.</summary>
internal sealed class EngineStatistics(IPowerModel power, IPowerMeter? meter, TimeProvider time, int totalBlocks, IPowerCap? cap = null)
{
    /// <summary>Weight of the newest step in the smoothed step time.</summary>
    private const double Smoothing = 0.1;

    /// <summary>Span over which tokens a second are averaged.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly EnergyLedger _energy = new(power, meter, time, cap);
    private EngineState _state = new(0, 0, 0, totalBlocks, totalBlocks, 0, 0, power.IdleWatts, PowerSource.Model, power.CapWatts, 0, 0, 0);
    private EngineCounters _counters;
    private long _windowStart = time.GetTimestamp();
    private long _windowTokens;
    private double _tokensPerSecond;
    private double _stepSeconds;
    private long _outputTokens;
    private long _steps;

    /// <summary>The newest snapshot, with rates that fall to zero when the engine has gone idle.</summary>
    public EngineState State
    {
        get
        {
            EngineState state;
            lock (_lock)
            {
                state = time.GetElapsedTime(_windowStart) < 2 * Window ? _state : _state with { TokensPerSecond = 0 };
            }

            var energy = _energy.State;
            return state with
            {
                Watts = energy.Watts,
                WattsSource = energy.Source,
                WattsAge = energy.Age,
                CapWatts = energy.CapWatts,
                Joules = energy.Joules,
                IdleJoules = energy.IdleJoules,
            };
        }
    }

    /// <summary>Where joules come from now.</summary>
    public string EnergySource => _energy.Source;

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

    /// <summary>A step is about to run.</summary>
    public void Begin() => _energy.Begin();

    /// <summary>Steps that were begun have failed.</summary>
    public void Abandon() => _energy.Abandon();

    /// <summary>Blocks are copied between the device and the host.</summary>
    public void CountCopies(int blocks) => _energy.Copy(blocks);

    /// <summary>A draft model has computed between two steps: the next step's sequences are charged for it.</summary>
    public void CountDraft(StepPlan plan, TimeSpan duration) => _energy.Aside(plan, duration);

    /// <summary>Counts a step's time and energy.</summary>
    public StepEnergy Count(StepPlan plan, TimeSpan duration)
    {
        var seconds = duration.TotalSeconds;
        _stepSeconds = _steps == 0 ? seconds : _stepSeconds + (Smoothing * (seconds - _stepSeconds));
        _steps++;
        return new StepEnergy(plan, _energy.Step(plan, duration), power);
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
    public void Publish(Scheduler scheduler, KvCache kv, DraftUse? draft, long faults, bool idle)
    {
        var elapsed = time.GetElapsedTime(_windowStart);
        if (elapsed >= Window || idle)
        {
            CloseWindow(elapsed);
        }

        if (idle)
        {
            _energy.Rest();
        }

        var scheduled = scheduler.Counters;
        var counters = new EngineCounters(
            scheduled.PromptTokens,
            _outputTokens,
            scheduled.PrefixQueryTokens,
            scheduled.PrefixHitTokens,
            scheduled.HostHitTokens,
            scheduled.ForkedTokens,
            scheduled.Preemptions)
        {
            Guesses = scheduled.Guesses,
            Faults = faults,
            Holds = scheduler.Programs.Holds,
            HoldsForWatts = scheduler.Programs.HoldsForWatts,
        };
        var state = new EngineState(
            scheduler.WaitingCount, scheduler.Running.Count, (int)scheduler.QueuedTokens, kv.FreeBlocks, kv.TotalBlocks, _stepSeconds, _tokensPerSecond, 0, "",
            0, 0, _outputTokens, _steps)
        {
            Fairness = scheduler.Fairness,
            ProgramFairness = scheduler.ProgramFairness,
            WaitingForKv = scheduler.WaitingForKv,
            Held = scheduler.Programs.HeldCount,
            Draft = draft,
        };
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

        lock (_lock)
        {
            _windowStart = time.GetTimestamp();
        }

        // A window of a few steps, closed because the engine went idle, would give wild rates.
        if (elapsed >= Window / 4)
        {
            _tokensPerSecond = _windowTokens / seconds;
        }

        _windowTokens = 0;
    }
}
