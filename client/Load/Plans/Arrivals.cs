using Crescent.Client.Load.Draws;

namespace Crescent.Client.Load.Plans;

/// <summary>When scripts begin in an open loop, whatever becomes of those before.</summary>
internal sealed class Arrivals
{
    private readonly Func<long, double> _unitGap;
    private readonly double _rate;
    private readonly double _ramp;
    private readonly int _together;
    private double _units;
    private long _number;

    private Arrivals(double rate, double ramp, int together, Func<long, double> unitGap)
    {
        _rate = rate;
        _ramp = ramp;
        _together = together;
        _unitGap = unitGap;
    }

    /// <summary>One each 1/<paramref name="rate"/> seconds.</summary>
    public static Arrivals Constant(double rate, double rampSeconds = 0) => new(rate, rampSeconds, 1, static _ => 1);

    /// <summary>Poisson: gaps are exponential.</summary>
    public static Arrivals Poisson(double rate, long seed, double rampSeconds = 0) => new(rate, rampSeconds, 1, number =>
    {
        var stream = new SeededStream(seed, DrawPurpose.Arrival, number);
        return stream.Exponential();
    });

    /// <summary>Gaps are gamma-distributed with this coefficient of variation: above 1 burstier than Poisson, below more even.</summary>
    public static Arrivals Gamma(double rate, double variation, long seed, double rampSeconds = 0) => new(rate, rampSeconds, 1, number =>
    {
        var stream = new SeededStream(seed, DrawPurpose.Arrival, number);
        return stream.Gamma(1 / (variation * variation));
    });

    /// <summary><paramref name="count"/> at once, each <paramref name="seconds"/>.</summary>
    public static Arrivals Bursts(int count, double seconds) => new(1 / seconds, 0, count, static number => number == 0 ? 0 : 1);

    /// <summary>The next moment, in seconds from the beginning.</summary>
    public double Next()
    {
        if (_number % _together == 0)
        {
            _units += _unitGap(_number / _together);
        }

        _number++;

        // While the rate grows from 0, t seconds are worth rate t^2 / (2 ramp) arrivals.
        var ramped = _rate * _ramp / 2;
        return _units < ramped ? Math.Sqrt(2 * _ramp * _units / _rate) : (_ramp / 2) + (_units / _rate);
    }
}
