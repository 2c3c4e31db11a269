using Crescent.Engine.Power;

namespace Crescent.Tests.Engine.Power;

/// <summary>A meter that integrates what its device draws by itself; of its own clock, in steps of its resolution; or the average watts since it was last read.</summary>
internal sealed class IntegratingMeter(TimeProvider time, TimeSpan resolution, bool countsJoules = true) : IPowerMeter
{
    private long _last = time.GetTimestamp();
    private double _drawn;
    private double _shown;
    private long _shownAt;
    private double _average;
    private double _averaged;
    private long _averagedAt = time.GetTimestamp();

    public string Source => PowerSource.Nvml;

    public TimeSpan Resolution => resolution;

    /// <summary>Power from now on.</summary>
    public double Watts
    {
        get;
        set
        {
            Integrate();
            field = value;
            _average = value;
        }
    }

    /// <summary>Whether it can be read.</summary>
    public bool Answers { get; set; } = true;

    /// <summary>All that was drawn, however coarse the readings are.</summary>
    public double Drawn
    {
        get
        {
            Integrate();
            return _drawn;
        }
    }

    /// <summary>Of it what was drawn at more than <see cref="IdleWatts"/>.</summary>
    public double Busy { get; private set; }

    public double IdleWatts { get; set; }

    public PowerReading Read()
    {
        Integrate();
        if (time.GetElapsedTime(_shownAt) >= resolution)
        {
            _shown = _drawn;
            _shownAt = time.GetTimestamp();
        }

        return !Answers ? new PowerReading(Source, time.GetTimestamp(), null, null)
            : countsJoules ? new PowerReading(Source, time.GetTimestamp(), null, _shown)
            : new PowerReading(Source, time.GetTimestamp(), Average(), null);
    }

    private double Average()
    {
        var seconds = time.GetElapsedTime(_averagedAt).TotalSeconds;
        _average = seconds > 0 ? (_drawn - _averaged) / seconds : _average;
        (_averaged, _averagedAt) = (_drawn, time.GetTimestamp());
        return _average;
    }

    private void Integrate()
    {
        var now = time.GetTimestamp();
        var joules = Watts * time.GetElapsedTime(_last, now).TotalSeconds;
        _drawn += joules;
        Busy += Watts > IdleWatts ? joules : 0;
        _last = now;
    }
}
