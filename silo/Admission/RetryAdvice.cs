namespace Crescent.Silo.Admission;

/// <summary>
/// When refused callers should come back. As many of them as are served in a while find a place in a while: the more are refused for each that is
/// served, the later they should come, and each later than the one before.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class RetryAdvice(TimeProvider time)
{
    /// <summary>The least that is advised.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromSeconds(1);

    /// <summary>The most.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(60);

    /// <summary>Time in which what has happened counts for a third, s.</summary>
    private const double Memory = 10;

    /// <summary>Calls a second that can surely be served once anything can.</summary>
    private const double LeastRate = 2;

    private readonly Lock _lock = new();
    private double _refused;
    private double _served;
    private long _at = time.GetTimestamp();

    /// <summary>A call has been served.</summary>
    public void Served()
    {
        lock (_lock)
        {
            Fade();
            _served++;
        }
    }

    /// <summary>A call is refused.</summary>
    /// <returns>When it should come back.</returns>
    public TimeSpan Refused()
    {
        lock (_lock)
        {
            Fade();
            _refused++;
            var seconds = _refused / Math.Max(_served / Memory, LeastRate);
            return TimeSpan.FromSeconds(Math.Clamp(seconds, Least.TotalSeconds, Most.TotalSeconds));
        }
    }

    private void Fade()
    {
        var now = time.GetTimestamp();
        var kept = Math.Exp(-time.GetElapsedTime(_at, now).TotalSeconds / Memory);
        (_refused, _served, _at) = (_refused * kept, _served * kept, now);
    }
}
