using Crescent.Engine.Devices;

namespace Crescent.Engine.Power;

/// <summary>
/// Keeps the energy of an engine's device: what each step is charged, what passes idle, what it draws now. With a meter, charges and idle energy add
/// up to what it counts; without one they are the model's. Steps are told by the engine's thread, the state is any thread's to read.
/// </summary>
/// <remarks>
/// A step is charged before the meter has counted it, since its sequences may end with it: the model's joules times the ratio of meter to model so far.
/// Each time the meter is read, the difference between what it counted and what was charged becomes a debt that the steps of about the next reading
/// pay off. When work ends, what is left of the debt passes as idle: at most the error of one reading.
/// A meter that tells watts only is integrated, as if they were the average since it was last read.
/// From the first step to the moment when the engine finds nothing to do, all that the meter counts is charged, the host's part between the steps too.
/// </remarks>
internal sealed class EnergyLedger
{
    /// <summary>Weight of the newest reading in the ratio of meter to model.</summary>
    private const double Smoothing = 0.3;

    /// <summary>Readings closer than this many times the meter's resolution say nothing about the ratio.</summary>
    private const int Resolutions = 4;

    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(10);

    /// <summary>Span over which watts are averaged.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly IPowerModel _model;
    private readonly IPowerMeter? _meter;
    private readonly TimeProvider _time;
    private readonly TimeSpan _interval;
    private readonly GivenCap _cap;
    private double _charged;
    // The model's joules of what is done between the steps, which the next one is charged with.
    private double _asideJoules;
    private double _idle;

    // What the meter has counted and nobody was charged; negative when too much was charged.
    private double _debt;
    private double _ratio = 1;
    private bool _hasRatio;
    private bool _resting = true;
    private bool _hasRun;

    // The model's pause counts from here: the last step, or the meter's last figures.
    private long _pausedFrom;

    // Since the meter's last figures: the model's joules, and what was charged for them.
    private double _modelled;
    private double _chargedPlain;
    private double _lastModelled;
    private long _lastRead;
    private double? _lastWatts;
    private double? _lastJoules;
    private bool _metered;
    private long _windowStart;
    private double _windowJoules;

    // Time that the window's joules are of, s: a device that catches up on a clock runs more in a window than has passed.
    private double _windowCounted;
    private double _watts;
    private long _wattsAt;

    /// <summary>A ledger from now on, with the meter's figures where <paramref name="meter"/> has any, of a device that <paramref name="cap"/> caps; null where none can be set.</summary>
    public EnergyLedger(IPowerModel model, IPowerMeter? meter, TimeProvider time, IPowerCap? cap = null)
    {
        _model = model;
        _cap = new GivenCap(() => cap?.CapWatts ?? model.CapWatts, followsSteps: cap is null || ReferenceEquals(cap, model));
        _meter = meter;
        _time = time;
        _watts = model.IdleWatts;
        _windowStart = _lastRead = _pausedFrom = _wattsAt = time.GetTimestamp();
        if (meter is not null)
        {
            _interval = meter.Resolution * Resolutions > LeastInterval ? meter.Resolution * Resolutions : LeastInterval;
            Take(meter.Read(), _lastRead);
        }
    }

    /// <summary>Where the figures come from now.</summary>
    public string Source
    {
        get
        {
            lock (_lock)
            {
                return _metered ? _meter!.Source : PowerSource.Model;
            }
        }
    }

    /// <summary>What it draws and has used. While nothing runs the meter is read for it.</summary>
    public PowerState State
    {
        get
        {
            lock (_lock)
            {
                var now = _time.GetTimestamp();
                if (_meter is not null && _resting && _time.GetElapsedTime(_lastRead, now) >= Window / 4)
                {
                    ReadMeter(now);
                    CloseWindow(now, Window);
                }

                _cap.Look();
                var paused = Paused(now);
                if (!_metered && _resting && _cap.IsPending)
                {
                    CloseWindow(now, Window / 4);
                }

                var quiet = !_metered && _time.GetElapsedTime(_windowStart, now) >= 2 * Window;
                return new PowerState(
                    quiet ? _model.IdleWatts : _watts,
                    _metered ? _meter!.Source : PowerSource.Model,
                    quiet ? TimeSpan.Zero : _time.GetElapsedTime(_wattsAt, now),
                    _cap.Watts,
                    Total + paused,
                    _idle + paused);
            }
        }
    }

    private double Total => _charged + _debt + _idle;

    /// <summary>A step is about to run.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            if (_resting && _meter is not null)
            {
                ReadMeter(now);
            }

            if (_resting && !_metered)
            {
                var pause = _time.GetElapsedTime(_pausedFrom, now);
                _idle += PauseJoules(pause);
                _windowCounted += pause.TotalSeconds;
                _pausedFrom = now;
            }

            if (_cap.Begin())
            {
                (_windowStart, _windowJoules, _windowCounted) = (now, Total, 0);
            }

            _resting = false;
        }
    }

    /// <summary>KV blocks are copied between device and host: the next step is charged for it, whose sequences wanted the room or the content.</summary>
    public void Copy(int blocks)
    {
        lock (_lock)
        {
            _asideJoules += blocks * _model.BlockCopyJoules;
        }
    }

    /// <summary>Something has been computed between two steps, such as guesses: the next step is charged for it.</summary>
    public void Aside(StepPlan plan, TimeSpan duration)
    {
        lock (_lock)
        {
            _asideJoules += _model.StepJoules(plan, duration);
            _windowCounted += duration.TotalSeconds;
            _pausedFrom = Math.Min(_time.GetTimestamp(), _pausedFrom + (long)(duration.TotalSeconds * _time.TimestampFrequency));
        }
    }

    /// <summary>A step has run.</summary>
    /// <returns>Joules to charge its sequences with.</returns>
    public double Step(StepPlan plan, TimeSpan duration)
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            if (!_metered)
            {
                var pause = _time.GetElapsedTime(_pausedFrom, now) - duration;
                _idle += pause > TimeSpan.Zero ? PauseJoules(pause) : 0;
                _windowCounted += Math.Max(0, pause.TotalSeconds) + duration.TotalSeconds;
            }

            _hasRun = true;
            _pausedFrom = now;
            var charge = Charge(_model.StepJoules(plan, duration) + _asideJoules);
            _asideJoules = 0;
            if (_meter is not null && _time.GetElapsedTime(_lastRead, now) >= _interval)
            {
                ReadMeter(now);
            }

            _cap.End();
            CloseWindow(now, _cap.IsPending ? Window / 4 : Window);
            return charge;
        }
    }

    /// <summary>What was begun has failed.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            _cap.Rest();
        }
    }

    /// <summary>The engine has nothing to do.</summary>
    public void Rest()
    {
        lock (_lock)
        {
            if (_resting)
            {
                return;
            }

            var now = _time.GetTimestamp();
            if (_meter is not null)
            {
                ReadMeter(now);
                _idle += Math.Max(0, _debt);
                _debt = Math.Min(0, _debt);
            }

            _resting = true;
            _cap.Rest();

            // A window of a few steps would give wild watts.
            CloseWindow(now, Window / 4);
        }
    }

    /// <summary>What the model says of a pause that goes on and is counted nowhere yet, J.</summary>
    private double Paused(long now) => _metered || !_resting ? 0 : PauseJoules(_time.GetElapsedTime(_pausedFrom, now));

    private double PauseJoules(TimeSpan pause) => _hasRun ? _model.PauseJoules(pause) : _model.IdleWatts * pause.TotalSeconds;

    private double Charge(double modelled)
    {
        var plain = _ratio * modelled;
        var charge = Math.Max(0, plain + (_lastModelled > 0 ? _debt * Math.Min(1, modelled / _lastModelled) : 0));
        _debt -= charge - plain;
        _charged += charge;
        _modelled += modelled;
        _chargedPlain += plain;
        return charge;
    }

    private void ReadMeter(long now)
    {
        var reading = _meter!.Read();
        var elapsed = _time.GetElapsedTime(_lastRead, now);
        var joules = Counted(reading, elapsed.TotalSeconds);
        if (_resting)
        {
            // Without figures the model speaks for the pause, but only once.
            var paused = joules ?? PauseJoules(_time.GetElapsedTime(_pausedFrom, now));
            var owed = Math.Min(paused, Math.Max(0, -_debt));
            _debt += owed;
            _idle += paused - owed;
            _pausedFrom = now;
        }
        else if (joules is { } counted)
        {
            _debt += counted - _chargedPlain;
            if (elapsed >= _interval && _modelled > 0)
            {
                var ratio = counted / _modelled;
                _ratio = _hasRatio ? _ratio + (Smoothing * (ratio - _ratio)) : ratio;
                _hasRatio = true;
                _lastModelled = _modelled;
            }
        }

        _modelled = 0;
        _chargedPlain = 0;
        Take(reading, now);
    }

    /// <summary>What the meter counted since its last figures; null when it cannot tell.</summary>
    private double? Counted(in PowerReading reading, double seconds) =>
        reading.Joules is { } now && _lastJoules is { } last ? now - last
        : reading.Watts is { } watts && _metered ? watts * seconds
        : null;

    private void Take(in PowerReading reading, long now)
    {
        _lastRead = now;
        _lastWatts = reading.Watts;
        _lastJoules = reading.Joules;
        _metered = reading.IsAvailable;
        if (reading.Watts is { } watts)
        {
            _watts = watts;
            _wattsAt = now;
        }
    }

    private void CloseWindow(long now, TimeSpan least)
    {
        var elapsed = _time.GetElapsedTime(_windowStart, now);
        if (elapsed < least || elapsed <= TimeSpan.Zero)
        {
            return;
        }

        var total = Total + Paused(now);
        var rested = _metered || !_resting ? 0 : _time.GetElapsedTime(_pausedFrom, now).TotalSeconds;
        if (_lastWatts is null)
        {
            _watts = (total - _windowJoules) / (_metered ? elapsed.TotalSeconds : Math.Max(elapsed.TotalSeconds, _windowCounted + rested));
            _wattsAt = now;
        }

        _cap.Read(_watts, _metered);
        _windowJoules = total;
        _windowCounted = -rested;
        _windowStart = now;
    }
}
