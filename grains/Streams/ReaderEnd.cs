
namespace Crescent.Grains.Streams;

/// <summary>
/// Wakes the reader of a stream for what does not come from its device: the reader's leaving, and the time from which on nobody wants more. One for the whole
/// stream, so that a token costs no timer.
/// </summary>
internal sealed class ReaderEnd : IDisposable
{
    private readonly TokenStream _stream;
    private readonly CancellationTokenRegistration _left;
    private readonly ITimer? _timer;
    private volatile bool _isLate;

    /// <param name="stream">The stream.</param>
    /// <param name="patience">Time after which more is not wanted; null for none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="left">The reader's leaving.</param>
    public ReaderEnd(TokenStream stream, TimeSpan? patience, TimeProvider time, CancellationToken left)
    {
        _stream = stream;
        _left = left.UnsafeRegister(static stream => ((TokenStream)stream!).Wake(), stream);
        if (patience is { } wait)
        {
            _timer = time.CreateTimer(static end => ((ReaderEnd)end!).Late(), this, wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whether the time is over.</summary>
    public bool IsLate => _isLate;

    public void Dispose()
    {
        _left.Dispose();
        _timer?.Dispose();
    }

    private void Late()
    {
        _isLate = true;
        _stream.Wake();
    }
}
