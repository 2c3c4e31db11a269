namespace Crescent.Bench.Serve;

/// <summary>Collects what the streams of a load saw; safe for use by many threads.</summary>
internal sealed class LoadTimes
{
    // Steps of 1/16 of a power of two of a microsecond.
    private const int Parts = 16;
    private readonly long[] _gaps = new long[Parts * 40];
    private readonly Lock _lock = new();
    private readonly List<double> _ttft = [];
    private readonly List<double> _itl = [];
    private string? _fault;
    private int _failed;
    private long _prompt;
    private long _output;
    private long _events;

    /// <summary>Time between two arrivals of a stream.</summary>
    public void Gap(TimeSpan gap)
    {
        var at = (int)(Parts * Math.Log2(Math.Max(1, gap.TotalMicroseconds)));
        Interlocked.Increment(ref _gaps[Math.Min(at, _gaps.Length - 1)]);
    }

    /// <summary>A call has ended.</summary>
    public void Ended(TimeSpan ttft, TimeSpan rest, int promptTokens, int outputTokens, int events)
    {
        lock (_lock)
        {
            _ttft.Add(ttft.TotalMilliseconds);
            if (outputTokens > 1)
            {
                _itl.Add(rest.TotalMilliseconds / (outputTokens - 1));
            }

            _prompt += promptTokens;
            _output += outputTokens;
            _events += events;
        }
    }

    /// <summary>A call has failed.</summary>
    public void Failed(string fault)
    {
        lock (_lock)
        {
            _failed++;
            _fault ??= fault;
        }
    }

    public LoadResult Result(double wall)
    {
        _ttft.Sort();
        _itl.Sort();
        return new LoadResult
        {
            Calls = _ttft.Count,
            Failed = _failed,
            Fault = _fault,
            PromptTokens = _prompt,
            OutputTokens = _output,
            Events = _events,
            WallSeconds = wall,
            CpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
            TtftP50Ms = At(_ttft, 50),
            TtftP99Ms = At(_ttft, 99),
            ItlP50Ms = At(_itl, 50),
            ItlP99Ms = At(_itl, 99),
            GapP99Ms = GapAt(99),
        };
    }

    private static double At(List<double> sorted, int percent) => sorted.Count == 0 ? 0 : sorted[Math.Min(sorted.Count - 1, sorted.Count * percent / 100)];

    private double GapAt(int percent)
    {
        var left = _gaps.Sum() * percent / 100;
        for (var i = 0; i < _gaps.Length; i++)
        {
            left -= _gaps[i];
            if (left <= 0)
            {
                return Math.Pow(2, (i + 1.0) / Parts) / 1000;
            }
        }

        return 0;
    }
}
