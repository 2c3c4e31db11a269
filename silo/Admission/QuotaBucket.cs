using System.Threading.RateLimiting;

namespace Crescent.Silo.Admission;

/// <summary>
/// A bucket that fills evenly and may be overdrawn: what a request takes is known when it has taken it. It lets in while it holds what is asked for, or with
/// 0 asked for while it holds anything. .NET's own token bucket knows neither debts nor a clock that a test can move.
/// </summary>
/// <param name="limit">What it holds when full, and what flows in during <paramref name="period"/>.</param>
/// <param name="period">Time in which an empty one fills.</param>
/// <param name="time">The clock.</param>
internal sealed class QuotaBucket(double limit, TimeSpan period, TimeProvider time) : RateLimiter
{
    private readonly Lock _lock = new();
    private readonly double _rate = limit / period.TotalSeconds;
    private double _level = limit;
    private long _at = time.GetTimestamp();
    private long _full = time.GetTimestamp();

    /// <summary>What it holds when full.</summary>
    public double Limit { get; } = limit;

    /// <summary>For how long it has been full; null while it is not, and must be remembered.</summary>
    public override TimeSpan? IdleDuration
    {
        get
        {
            lock (_lock)
            {
                Fill();
                return _level >= Limit ? time.GetElapsedTime(_full) : null;
            }
        }
    }

    /// <summary>What it holds now, below 0 when it is overdrawn, and when it would be full again.</summary>
    public (double Level, TimeSpan Reset) State()
    {
        lock (_lock)
        {
            Fill();
            return (_level, TimeSpan.FromSeconds((Limit - _level) / _rate));
        }
    }

    /// <summary>Takes what has been taken, whether it is there or not.</summary>
    public void Charge(double amount)
    {
        lock (_lock)
        {
            Fill();
            _level -= amount;
        }
    }

    public override RateLimiterStatistics? GetStatistics() => null;

    protected override RateLimitLease AttemptAcquireCore(int permitCount)
    {
        lock (_lock)
        {
            Fill();
            if (permitCount == 0 ? _level > 0 : _level >= permitCount)
            {
                _level -= permitCount;
                return new QuotaLease(this, null);
            }

            return new QuotaLease(this, TimeSpan.FromSeconds((Math.Max(permitCount, Math.Min(1, Limit)) - _level) / _rate));
        }
    }

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) =>
        ValueTask.FromResult(AttemptAcquireCore(permitCount));

    private void Fill()
    {
        var now = time.GetTimestamp();
        var before = _level;
        _level = Math.Min(Limit, _level + (_rate * time.GetElapsedTime(_at, now).TotalSeconds));
        _at = now;
        if (before < Limit)
        {
            _full = now;
        }
    }
}
