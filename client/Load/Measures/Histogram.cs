using System.Diagnostics;
using System.Numerics;

namespace Crescent.Client.Load.Measures;

/// <summary>
/// Counts values in steps of a thousandth of themselves, as HdrHistogram does: percentiles of any number of values within 0.1 %, by many threads at once,
/// in 300 KB, and nothing is allocated for a value.
/// </summary>
internal sealed class Histogram
{
    /// <summary>Values up to this many units are told apart; larger ones count as this.</summary>
    public const long Largest = (1L << LargestBits) - 1;

    private const int PrecisionBits = 10;
    private const int LargestBits = 45;
    private const int Steps = 1 << PrecisionBits;

    private readonly long[] _counts = new long[((LargestBits - PrecisionBits + 1) << PrecisionBits) + Steps];
    private readonly double _unit;
    private long _count;
    private long _sum;
    private long _least = long.MaxValue;
    private long _most = -1;

    /// <param name="unit">What 1 stands for.</param>
    public Histogram(double unit) => _unit = unit;

    /// <summary>Of times: recorded in ticks of <see cref="Stopwatch"/>, read in seconds.</summary>
    public static Histogram OfTimes() => new(1.0 / Stopwatch.Frequency);

    /// <summary>Values so far.</summary>
    public long Count => Volatile.Read(ref _count);

    /// <summary>Their mean; 0 for none.</summary>
    public double Mean => Count is > 0 and var count ? Volatile.Read(ref _sum) * _unit / count : 0;

    /// <summary>Their sum.</summary>
    public double Sum => Volatile.Read(ref _sum) * _unit;

    /// <summary>The least; 0 for none.</summary>
    public double Least => Count > 0 ? Volatile.Read(ref _least) * _unit : 0;

    /// <summary>The largest; 0 for none.</summary>
    public double Most => Count > 0 ? Volatile.Read(ref _most) * _unit : 0;

    /// <summary>Counts a value, in units; below 0 counts as 0.</summary>
    public void Record(long value)
    {
        value = Math.Clamp(value, 0, Largest);
        Interlocked.Increment(ref _counts[Place(value)]);
        Interlocked.Add(ref _sum, value);
        for (var least = Volatile.Read(ref _least); value < least;)
        {
            least = Interlocked.CompareExchange(ref _least, value, least) is var seen && seen == least ? value : seen;
        }

        for (var most = Volatile.Read(ref _most); value > most;)
        {
            most = Interlocked.CompareExchange(ref _most, value, most) is var seen && seen == most ? value : seen;
        }

        Interlocked.Increment(ref _count);
    }

    /// <summary>Counts a value given in what the histogram is read in.</summary>
    public void RecordValue(double value) => Record((long)Math.Min(Largest, Math.Round(value / _unit)));

    /// <summary>The value that <paramref name="percent"/> of 100 values do not exceed, by nearest rank; 0 where there is none.</summary>
    public double Percentile(double percent)
    {
        if (percent >= 100)
        {
            return Most;
        }

        var total = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            total += Volatile.Read(ref _counts[i]);
        }

        var rank = Math.Max(1, (long)Math.Ceiling(total * percent / 100 - 1e-9));
        for (var i = 0; i < _counts.Length && total > 0; i++)
        {
            rank -= Volatile.Read(ref _counts[i]);
            if (rank <= 0)
            {
                return Math.Clamp(Middle(i) * _unit, Least, Most);
            }
        }

        return Most;
    }

    private static int Place(long value)
    {
        var shift = Math.Max(0, BitOperations.Log2((ulong)value | 1) - PrecisionBits);
        return (shift << PrecisionBits) + (int)(value >> shift);
    }

    private static double Middle(int place)
    {
        var shift = Math.Max(0, (place >> PrecisionBits) - 1);
        var low = (long)(place - (shift << PrecisionBits)) << shift;
        return low + (((1L << shift) - 1) / 2.0);
    }
}
