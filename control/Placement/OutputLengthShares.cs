namespace Crescent.Control.Placement;

/// <summary>
/// Which share of the outputs is how short: a histogram by half octaves that forgets. Prompts that are computed while an output is generated stretch
/// the mean time between its tokens, and the more the shorter it is.
/// </summary>
/// <remarks>One thread learns at a time; others may read beside it, and may see a length that is half counted. Lengths count the times between tokens, so that an output of one token does not count at all.</remarks>
public sealed class OutputLengthShares
{
    private const int PerOctave = 2;
    private const int Buckets = PerOctave * 32;

    /// <summary>Weight of the newest output, once there were some hundreds.</summary>
    private const double Newest = 0.002;

    private readonly double[] _shares = new double[Buckets];
    private readonly double[] _times = new double[Buckets];
    private readonly double[] _sharesBelow = new double[Buckets];
    private readonly double[] _timesBelow = new double[Buckets];
    private double _mean;
    private int _known;

    /// <summary>Share of the outputs that are shorter than <paramref name="times"/>, 0 to 1; 0 as long as none has ended.</summary>
    /// <param name="times">Times between tokens; any number.</param>
    /// <param name="now">
    /// The same share of the outputs that are being generated at some moment: lower, as a long one is met more often than a short one.
    /// </param>
    public double Below(double times, out double now)
    {
        if (times <= 1 || _mean == 0)
        {
            now = 0;
            return 0;
        }

        var at = Math.Min(PerOctave * Math.Log2(times), Buckets - 1);
        var bucket = (int)at;
        now = (_timesBelow[bucket] + ((at - bucket) * _times[bucket])) / _mean;
        return _sharesBelow[bucket] + ((at - bucket) * _shares[bucket]);
    }

    /// <summary>An output has come to <paramref name="tokens"/>.</summary>
    public void Learn(int tokens)
    {
        if (tokens < 2)
        {
            return;
        }

        _known++;
        var weight = Math.Max(Newest, 1.0 / _known);
        var bucket = (int)(PerOctave * Math.Log2(tokens - 1));
        var (shares, times) = (0.0, 0.0);
        for (var i = 0; i < Buckets; i++)
        {
            _shares[i] += weight * ((i == bucket ? 1 : 0) - _shares[i]);
            _times[i] += weight * ((i == bucket ? tokens - 1 : 0) - _times[i]);
            (_sharesBelow[i], _timesBelow[i]) = (shares, times);
            shares += _shares[i];
            times += _times[i];
        }

        _mean = times;
    }
}
