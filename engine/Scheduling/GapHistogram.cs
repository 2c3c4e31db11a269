namespace Crescent.Engine.Scheduling;

/// <summary>
/// How long programs pause between two calls: counts by powers of two of a second, and of those that did not come back. Old counts lose weight against new ones.
/// </summary>
internal sealed class GapHistogram
{
    /// <summary>Ranges of pauses: the first up to <see cref="First"/>, each of the others twice as long as all before it.</summary>
    public const int Ranges = 16;

    /// <summary>End of the first range, s; the last ends at 8,192 s, after which nobody is waited for.</summary>
    public const double First = 0.25;

    /// <summary>What is counted beyond weighs less.</summary>
    private const double Most = 512;

    /// <summary>Pauses that the programs' own count as much as those of all: until it has paused so often, one is taken for a mean one.</summary>
    private const double Prior = 4;

    private readonly float[] _counts = new float[Ranges + 1];
    private float _sum;

    /// <summary>A pause has come to its end.</summary>
    public void Add(double seconds) => Count(RangeOf(seconds));

    /// <summary>A program did not come back.</summary>
    public void AddNever() => Count(Ranges);

    /// <summary>
    /// How likely it is that one who has paused for <paramref name="age"/> comes back within the next second, as far as the range goes in which that is: 1/s.
    /// </summary>
    /// <param name="age">Time since its last call ended, s.</param>
    /// <param name="own">Pauses of the program itself; null for a new one.</param>
    public double Hazard(double age, GapHistogram? own)
    {
        var at = RangeOf(age);
        if (at == Ranges)
        {
            return 0;
        }

        var (here, left) = (0.0, 0.0);
        for (var range = at; range <= Ranges; range++)
        {
            // Where nothing is known, all ranges are equally likely.
            var share = ((_counts[range] + (1.0 / (Ranges + 1))) * Prior / (_sum + 1)) + (own?._counts[range] ?? 0);
            here = range == at ? share : here;
            left += share;
        }

        return here / left / (EndOf(at) - (at == 0 ? 0 : EndOf(at - 1)));
    }

    /// <summary>When the range ends in which an age is, s.</summary>
    public static double NextRange(double age) => RangeOf(age) is < Ranges and var range ? EndOf(range) : double.PositiveInfinity;

    private static double EndOf(int range) => First * (1 << range);

    private static int RangeOf(double seconds)
    {
        var range = 0;
        while (range < Ranges && seconds >= EndOf(range))
        {
            range++;
        }

        return range;
    }

    private void Count(int range)
    {
        _counts[range]++;
        if (++_sum > Most)
        {
            for (var i = 0; i < _counts.Length; i++)
            {
                _counts[i] /= 2;
            }

            _sum /= 2;
        }
    }
}
