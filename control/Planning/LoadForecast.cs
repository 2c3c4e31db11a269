namespace Crescent.Control.Planning;

/// <summary>
/// Foresees load a short time ahead: by its level and trend (Holt's linear method, in continuous time), and by what the same quarter of an hour brought on the days
/// before. The higher of the two counts, as too much costs a few watts and too little costs the promise.
/// </summary>
public sealed class LoadForecast
{
    /// <summary>Time over which the level is smoothed, s.</summary>
    private const double LevelSeconds = 30;

    /// <summary>The same of the trend.</summary>
    private const double TrendSeconds = 120;

    /// <summary>Most that a forecast is above the level, as a factor: a trend does not last.</summary>
    private const double MostGrowth = 2;

    private const double DaySeconds = 86_400;
    private const int Bins = 96;

    /// <summary>Weight of a day in what a quarter of an hour is expected to bring.</summary>
    private const double DayWeight = 0.5;

    private readonly FleetLoad?[] _day = new FleetLoad?[Bins];
    private FleetLoad _level;
    private FleetLoad _trend;
    private FleetLoad _sum;
    private double _sumSeconds;
    private int _bin = -1;
    private double _at = double.NaN;

    /// <summary>Load, smoothed.</summary>
    public FleetLoad Level => _level;

    /// <summary>Hears of the load now.</summary>
    /// <param name="now">Seconds of any clock that goes on.</param>
    /// <param name="dayTime">Seconds since the beginning of the day.</param>
    /// <param name="load">Since the time before.</param>
    public void Learn(double now, double dayTime, in FleetLoad load)
    {
        if (double.IsNaN(_at))
        {
            _level = load;
        }
        else if (now > _at)
        {
            var passed = now - _at;
            var before = _level;
            var weight = 1 - Math.Exp(-passed / LevelSeconds);
            _level = before.With(_trend, (l, t) => l + (t * passed)).With(load, (l, x) => Math.Max(0, l + (weight * (x - l))));
            var slow = 1 - Math.Exp(-passed / TrendSeconds);
            _trend = _trend.With(_level.With(before, (l, b) => (l - b) / passed), (t, x) => t + (slow * (x - t)));
            Remember(dayTime, load, passed);
        }

        _at = now;
    }

    /// <summary>What the load is expected to be.</summary>
    /// <param name="dayTime">Seconds since the beginning of the day, now.</param>
    /// <param name="seconds">How far ahead.</param>
    public FleetLoad Ahead(double dayTime, double seconds)
    {
        var trend = _level.With(_trend, (l, t) => Math.Clamp(l + (t * seconds), 0, MostGrowth * l));
        if (_day[Bin(dayTime)] is not { } now || _day[Bin(dayTime + seconds)] is not { } then)
        {
            return trend;
        }

        // The shape of the day, at the height of this one.
        var season = _level.With(then.With(now, static (t, n) => n > 0 ? Math.Min(MostGrowth, t / n) : 1), static (l, growth) => l * growth);
        return trend.With(season, Math.Max);
    }

    private void Remember(double dayTime, in FleetLoad load, double passed)
    {
        var bin = Bin(dayTime);
        if (bin != _bin)
        {
            if (_bin >= 0 && _sumSeconds > 0)
            {
                var (seconds, before) = (_sumSeconds, _day[_bin]);
                var mean = _sum.With(_sum, (s, _) => s / seconds);
                _day[_bin] = before is { } known ? known.With(mean, static (k, m) => k + (DayWeight * (m - k))) : mean;
            }

            (_bin, _sum, _sumSeconds) = (bin, default, 0);
        }

        _sum = _sum.With(load, (s, x) => s + (x * passed));
        _sumSeconds += passed;
    }

    private static int Bin(double dayTime) => (int)(((dayTime % DaySeconds) + DaySeconds) % DaySeconds / (DaySeconds / Bins)) % Bins;
}
